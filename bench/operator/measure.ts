import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { ApiRequest } from '../../dev/control-plane.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import { forEachIndex, makeModelDeployment, modelName, pathOf, send, watchObjects, type Bed } from './bed.ts';
import type { MeasuredProcess, OperatorProcess } from './operator-process.ts';

/** Requests by verb and resource: `patch deployments` -> 100. */
export type RequestCounts = Readonly<Record<string, number>>;

export interface Creation {
  readonly allChildrenSeconds: number;
  readonly allReadySeconds: number;
  readonly requests: RequestCounts;
  readonly requestsPerModel: number;
  readonly cpuMsPerModel: number;
}

export interface Storm {
  /** From the first touch until the operator had nothing to do. */
  readonly seconds: number;
  /** From the last touch on. */
  readonly secondsAfterLast: number;
  readonly requests: RequestCounts;
  readonly cpuMsPerModel: number;
}

export interface Restart {
  /** From the start of the process until its last pass. */
  readonly idleSeconds: number;
  readonly requests: RequestCounts;
  readonly requestCount: number;
  readonly writes: number;
  readonly cpuSeconds: number;
}

export interface Edits {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Idle {
  readonly seconds: number;
  readonly cpuPercent: number;
  readonly requests: RequestCounts;
  readonly rssMB: number;
  readonly peakRssMB: number;
}

/** The rollout of one edit is over before the next, as with people: its requests would be in the way of what is measured. */
const BETWEEN_EDITS_MS = 250;
/** Requests of users at once. */
const CLIENTS = 16;
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);
const TIMEOUT_MS = 900_000;
const MB = 1e6;

/** Creates `count` ModelDeployments and waits until all are Ready. @param first number of the first; default 0 */
export async function measureCreation(
  bed: Bed,
  operator: MeasuredProcess,
  { count, first = 0 }: { count: number; first?: number },
): Promise<Creation> {
  const deployments = new Set<string>();
  const services = new Set<string>();
  const ready = new Set<string>();
  const addTo =
    (names: Set<string>) =>
    ({ metadata: { name = '' } = {} }: KubernetesObject): void => {
      if (name >= modelName(first)) names.add(name);
    };
  const watches = [
    watchObjects(bed.connection, RESOURCES.deployment, addTo(deployments)),
    watchObjects(bed.connection, RESOURCES.service, addTo(services)),
    watchObjects(bed.connection, RESOURCES.modelDeployment, (object) => {
      if (isReady(object as ModelDeployment)) addTo(ready)(object);
    }),
  ];
  await Promise.all(watches.map(({ whenListed }) => whenListed));
  const before = operator.use();
  const { requests, result } = await bed.requestsDuring(async () => {
    const startedAt = performance.now();
    const posted = forEachIndex(count, CLIENTS, (index) =>
      send(bed.connection, 'POST', pathOf('modelDeployment'), makeModelDeployment(bed.store, first + index)),
    );
    await until(operator, () => deployments.size >= count && services.size >= count);
    const allChildrenSeconds = secondsSince(startedAt);
    await until(operator, () => ready.size >= count);
    const allReadySeconds = secondsSince(startedAt);
    await posted;
    await operator.untilIdle?.();
    return { allChildrenSeconds, allReadySeconds };
  });
  const after = operator.use();
  for (const watch of watches) watch.stop();
  const own = requests.filter(isAboutModels);
  return {
    ...result,
    requests: countByKind(own),
    requestsPerModel: round(own.length / count),
    cpuMsPerModel: round(((after.cpuSeconds - before.cpuSeconds) * 1_000) / count),
  };
}

/** Touches a label of every Deployment, which changes nothing that matters. */
export async function measureStorm(bed: Bed, operator: OperatorProcess, count: number): Promise<Storm> {
  const before = operator.use();
  const { requests, result } = await bed.requestsDuring(async () => {
    const startedAt = performance.now();
    await touchAll(bed, count);
    const lastAt = performance.now();
    const idleAt = await operator.untilIdle();
    return {
      seconds: round((idleAt - startedAt) / 1_000),
      secondsAfterLast: round(Math.max(0, idleAt - lastAt) / 1_000),
    };
  });
  return {
    ...result,
    requests: countByKind(requests.filter(isAboutModels)),
    cpuMsPerModel: round(((operator.use().cpuSeconds - before.cpuSeconds) * 1_000) / count),
  };
}

/** Ends the operator and starts another. @returns the new one too */
export async function measureRestart(
  bed: Bed,
  operator: OperatorProcess,
): Promise<{ restart: Restart; operator: OperatorProcess }> {
  await operator.stop();
  const { requests, result } = await bed.requestsDuring(async () => {
    const startedAt = performance.now();
    const started = await bed.startOperator();
    const idleAt = await started.untilIdle();
    return { started, idleSeconds: round((idleAt - startedAt) / 1_000), cpuSeconds: round(started.use().cpuSeconds) };
  });
  const { started, ...times } = result;
  const restart = {
    ...times,
    requests: countByKind(requests),
    requestCount: requests.length,
    writes: requests.filter(({ verb, resource }) => WRITES.has(verb) && resource !== 'leases').length,
  };
  return { restart, operator: started };
}

export interface EditOptions {
  /** Number of the first model that may be edited; default 0. */
  readonly first?: number;
  /** So many models may be edited. */
  readonly among: number;
  /** At most; behind a storm as many as it lasts. */
  readonly edits: number;
  /** Touches so many Deployments meanwhile; default none. */
  readonly stormOver?: number;
}

/** One ModelDeployment after the other is edited: until its Deployment is changed. */
export async function measureEdits(bed: Bed, { first = 0, among, edits, stormOver }: EditOptions): Promise<Edits> {
  const waiting = new Map<string, { value: string; changed: () => void }>();
  const watch = watchObjects(bed.connection, RESOURCES.deployment, (object) => {
    const deployment: V1Deployment = object;
    const edit = waiting.get(deployment.metadata?.name ?? '');
    if (edit && JSON.stringify(deployment.spec?.template.metadata?.annotations).includes(edit.value)) edit.changed();
  });
  await watch.whenListed;
  const storm = stormOver === undefined ? undefined : startStorm(bed, stormOver);
  const took: number[] = [];
  for (let edit = 0; edit < edits && !storm?.isOver(); edit += 1) {
    const name = modelName(first + ((edit * 7919) % among));
    const value = `edit-${performance.now()}`;
    const changed = new Promise<void>((resolve) => waiting.set(name, { value, changed: resolve }));
    const startedAt = performance.now();
    const spec = { podAnnotations: { 'example.com/edit': value } };
    await send(bed.connection, 'PATCH', pathOf('modelDeployment', name), { spec });
    await changed;
    took.push(performance.now() - startedAt);
    waiting.delete(name);
    if (!storm) await delay(BETWEEN_EDITS_MS);
  }
  await storm?.whenOver;
  watch.stop();
  return { count: took.length, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}

/** Nothing happens for a while. */
export async function measureIdle(bed: Bed, operator: OperatorProcess, seconds: number): Promise<Idle> {
  const { requests, result } = await bed.requestsDuring(async () => {
    const before = operator.use();
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const after = operator.use();
    return { after, cpuPercent: round(((after.cpuSeconds - before.cpuSeconds) / secondsSince(startedAt)) * 100) };
  });
  return {
    seconds,
    cpuPercent: result.cpuPercent,
    requests: countByKind(requests),
    rssMB: Math.round(result.after.rssBytes / MB),
    peakRssMB: Math.round(result.after.peakRssBytes / MB),
  };
}

/** A label of every Deployment is touched. */
interface RunningStorm {
  isOver(): boolean;
  readonly whenOver: Promise<void>;
}

/** @param count of models whose Deployments are touched */
function startStorm(bed: Bed, count: number): RunningStorm {
  let isOver = false;
  const run = async (): Promise<void> => {
    await touchAll(bed, count);
    isOver = true;
  };
  return { whenOver: run(), isOver: () => isOver };
}

function touchAll(bed: Bed, count: number): Promise<void> {
  const labels = { 'example.com/touched': `at-${Math.round(performance.now())}` };
  return forEachIndex(count, CLIENTS, (index) =>
    send(bed.connection, 'PATCH', pathOf('deployment', modelName(index)), { metadata: { labels } }),
  );
}

function isReady({ status }: ModelDeployment): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Neither leader election nor watches that are opened again. */
function isAboutModels({ verb, resource }: ApiRequest): boolean {
  return resource !== 'leases' && verb !== 'watch' && verb !== 'list';
}

function countByKind(requests: readonly ApiRequest[]): RequestCounts {
  const counts: Record<string, number> = {};
  for (const { verb, resource } of requests) {
    const kind = `${verb} ${resource}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

async function until(operator: MeasuredProcess, condition: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!condition()) {
    operator.assertRuns();
    if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`not done after ${TIMEOUT_MS / 1_000} s`);
    await delay(10);
  }
}

export function secondsSince(startedAt: number): number {
  return round((performance.now() - startedAt) / 1_000);
}

/** Rounded. @param share in (0, 1] */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
}

/** Two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
