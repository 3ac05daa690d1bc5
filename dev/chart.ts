import { join } from 'node:path';
import { run } from './command.ts';
import { ensureTools } from './tools.ts';

/** The Helm chart's folder. Its templates read the files of config/ and crds/ by symbolic links, which `helm package` resolves. */
export const CHART = join(import.meta.dirname, '..', 'charts', 'modeldeployment');

/**
 * The chart's objects as `helm template` writes them, NOTES.txt left out.
 * @param values as in a values file; what is not there has the chart's default
 * @throws CommandError when a value is refused
 */
export async function renderChart(values: object = {}, chart: string = CHART): Promise<string> {
  const { helm } = await ensureTools(['helm']);
  const args = ['template', 'modeldeployment', chart, '--namespace', 'modeldeployment-system', '--values', '-'];
  return run(helm, args, { input: JSON.stringify(values) });
}

/** Makes `modeldeployment-VERSION.tgz` of a chart. @returns its path @throws CommandError */
export async function packageChart(chart: string, version: string, folder: string): Promise<string> {
  const { helm } = await ensureTools(['helm']);
  await run(helm, ['package', chart, '--version', version, '--app-version', version, '--destination', folder]);
  return join(folder, `modeldeployment-${version}.tgz`);
}
