import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../../dev/command.ts';
import { ensureProgramImage } from '../../dev/program-image.ts';
import { eventually } from '../support/eventually.ts';
import { cluster, installation } from './installation.ts';

const PODS = '/apis/metrics.k8s.io/v1beta1/pods';

/** Starts metrics-server where nothing serves metrics of pods yet, and waits until it does. */
export async function startMetricsServer(): Promise<void> {
  const { kubectl } = installation();
  const measure = () => kubectl.run(['get', '--raw', PODS]);
  if (await answers(measure)) return;
  const yaml = await readFile(join(import.meta.dirname, 'metrics-server.yaml'), 'utf8');
  if (!cluster().pulls) {
    await cluster().load([await ensureProgramImage('metrics-server', /image: (\S+)/.exec(yaml)![1]!)]);
  }
  await kubectl.apply(yaml);
  await eventually(measure, { timeoutMs: 90_000, intervalMs: 1_000 });
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
