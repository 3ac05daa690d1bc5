import { join } from 'node:path';
import { run } from './command.ts';
import { ensureTools } from './tools.ts';

/** The Helm chart's folder. Its templates read the files of config/ and crds/ by symbolic links, which `helm package` resolves. */
export const CHART = join(import.meta.dirname, '..', 'charts', 'modeldeployment');
/** Of the release and of its namespace, everywhere here. */
export const RELEASE = ['modeldeployment', '--namespace', 'modeldeployment-system'] as const;

/** The chart's objects as `helm template` writes them. @param values as in a values file @throws CommandError when a value is refused */
export async function renderChart(values: object = {}, chart: string = CHART): Promise<string> {
  const [name, ...namespace] = RELEASE;
  return helm(['template', name, chart, ...namespace], { values });
}

/** Makes `modeldeployment-VERSION.tgz` of a chart. @returns its path @throws CommandError */
export async function packageChart(chart: string, version: string, folder: string): Promise<string> {
  await helm(['package', chart, '--version', version, '--app-version', version, '--destination', folder]);
  return join(folder, `modeldeployment-${version}.tgz`);
}

export interface HelmOptions {
  /** File. Default: that of the environment. */
  readonly kubeconfig?: string;
  readonly values?: object;
}

/** Runs the pinned helm. @returns its standard output @throws CommandError */
export async function helm(args: readonly string[], { kubeconfig, values }: HelmOptions = {}): Promise<string> {
  const { helm: program } = await ensureTools(['helm']);
  return run(program, values ? [...args, '--values', '-'] : args, {
    ...(values && { input: JSON.stringify(values) }),
    ...(kubeconfig !== undefined && { env: { KUBECONFIG: kubeconfig } }),
  });
}
