import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { logTail, startGuarded, type GuardedProcess } from '../../dev/guarded-process.ts';
import { readImageStart } from '../../dev/images/image-start.ts';
import { throwAwayDirectory } from '../../dev/throw-away-directory.ts';
import type { BareOrders, Template, Written } from './bare-orders.ts';
import { modelName, pathOf, type Bed } from './bed.ts';
import { measureCreation, measureEdits } from './measure.ts';
import { useOf, type MeasuredProcess } from './operator-process.ts';

/** What an operator that decides nothing takes (bare-operator.ts): nobody can be faster on that machine with this API server. */
export interface Floor {
  /** Models that were made for it. */
  readonly models: number;
  /** From the first POST to the last status that says Ready, for each model. */
  readonly msPerModel: number;
  /** Of its process; not in runs from before it was one of its own. */
  readonly cpuMsPerModel?: number;
  /** From an edit of a ModelDeployment to its changed Deployment. */
  readonly editP50Ms: number;
  readonly editP99Ms: number;
  /** The same while a label of every Deployment is touched; not in runs from before it was measured. */
  readonly editBehindStormP50Ms?: number;
}

export interface FloorOptions {
  /** Name of a model that the operator made. */
  readonly existing: string;
  /** Models that the operator made. */
  readonly count: number;
  /** To make. */
  readonly models: number;
  readonly edits: number;
  readonly editsBehindStorm: number;
}

/** Of its models. */
const FIRST = 90_000;
const ROOT = join(import.meta.dirname, '..', '..');

/** No other operator may run. */
export async function measureFloor(
  bed: Bed,
  { existing, count, models, edits, editsBehindStorm }: FloorOptions,
): Promise<Floor> {
  const bare = await startBareOperator(bed, await readTemplate(bed, existing));
  const creation = await measureCreation(bed, bare, { count: models, first: FIRST });
  const own = { first: FIRST, among: models };
  const quiet = await measureEdits(bed, { ...own, edits });
  const stormy = await measureEdits(bed, { ...own, edits: editsBehindStorm, stormOver: count });
  await bare.stop();
  return {
    models,
    msPerModel: (creation.allReadySeconds * 1_000) / models,
    cpuMsPerModel: creation.cpuMsPerModel,
    editP50Ms: quiet.p50Ms,
    editP99Ms: quiet.p99Ms,
    editBehindStormP50Ms: stormy.p50Ms,
  };
}

/** With the flags and environment of the operator's image. */
async function startBareOperator(
  bed: Bed,
  template: Template,
): Promise<MeasuredProcess & Pick<GuardedProcess, 'stop'>> {
  const image = readImageStart(ROOT, 'operator');
  const orders: BareOrders = { kubeconfig: bed.controlPlane.kubeconfig, first: modelName(FIRST), template };
  const logFile = join(await throwAwayDirectory('bench-bare-operator'), 'bare-operator.log');
  const lean = ['--import', join(ROOT, 'operator', 'lean-imports.ts')];
  const program = join(import.meta.dirname, 'bare-operator.ts');
  const started = await startGuarded(process.execPath, [...image.flags, ...lean, program], {
    logFile,
    env: { PATH: process.env['PATH'], ...image.env, BARE_ORDERS: JSON.stringify(orders) },
  });
  const assertRuns = (): void => {
    if (started.hasExited()) throw new Error(`the bare operator ended:\n${logTail(logFile)}`);
  };
  while (logTail(logFile) !== 'watching') {
    assertRuns();
    await delay(50);
  }
  return { use: () => useOf(started.pid), assertRuns, stop: (signal) => started.stop(signal) };
}

async function readTemplate(bed: Bed, name: string): Promise<Template> {
  const service = await read<Written>(bed, 'service', name);
  const { status = {} } = await read<Written>(bed, 'modelDeployment', name);
  const deployment = await read<Written>(bed, 'deployment', name);
  return { name, service: asApplied(service), deployment: asApplied(deployment), status };
}

/** Without what the API server adds by itself and does not take from others. */
function asApplied({ apiVersion, kind, metadata, spec }: Written): Written {
  const { clusterIP: _, clusterIPs: __, ...rest } = spec as Record<string, unknown>;
  const { name, namespace, labels, annotations, ownerReferences } = metadata ?? {};
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, labels, annotations, ownerReferences },
    spec: rest,
  } as Written;
}

async function read<T>(
  { connection }: Bed,
  kind: 'modelDeployment' | 'deployment' | 'service',
  name: string,
): Promise<T> {
  const { statusCode, body } = await connection.request({ method: 'GET', path: pathOf(kind, name) });
  if (statusCode !== 200) throw new Error(`${kind} ${name}: ${statusCode}`);
  return body as T;
}
