import type { KubernetesObject } from '@kubernetes/client-node';
import { LABELS } from '../../operator/api/labels.ts';
import type { ClusterClient, ClusterEvent, Key, Precondition } from '../../operator/cluster/client.ts';
import type { ClusterCache } from '../../operator/cluster/cluster-cache.ts';
import { ConflictError, TransientError } from '../../operator/errors.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- objects of many kinds, merged field by field
type Live = any;

/** When a request fails: before it was done, or after, so that only the answer is lost. */
export type Failure = 'before' | 'after' | undefined;

const HASH = 'modeldeployment.dev/template-hash';

/**
 * An API server with a Deployment controller in memory: enough of both for a reconciler, with every delay and failure in the
 * test's hand. What the real ones do is tested with the real ones; this is for orders of events that those show once a year.
 */
export class FakeCluster implements ClusterClient {
  objects = new Map<string, Live>();
  /** Requests that were made. */
  requests: string[] = [];
  readonly events: ClusterEvent[] = [];
  /** Asked before every request. */
  nextFailure: () => Failure = () => undefined;
  /** Whether pods of that template come up. */
  comesUp: (template: Live) => boolean = () => true;
  /** Told of every status that is written. */
  onStatus: (status: Live) => void = () => {};
  readonly #cache: ClusterCache;
  /** What the watches of each kind have not delivered yet, oldest first. */
  readonly #undelivered = new Map<string, { type: 'changed' | 'removed'; object: Live }[]>();
  #applied = new Map<string, Live>();
  #version = 10;
  #names = 0;

  constructor(cache: ClusterCache) {
    this.#cache = cache;
  }

  // What the operator asks for.

  apply<T extends KubernetesObject>(object: T, precondition: Precondition): Promise<T> {
    return this.#request(`apply ${object.kind}`, () => {
      const live = this.objects.get(idOf(object));
      if ('absent' in precondition ? live !== undefined : live?.metadata.uid !== precondition.uid) {
        throw new ConflictError('precondition');
      }
      const kept = live ? withoutStale(live, this.#applied.get(idOf(object)), object) : {};
      this.#applied.set(idOf(object), structuredClone(object));
      const written = this.#store(merge(kept, object), live);
      this.#cache.ofKind(object.kind).written(structuredClone(written));
      return structuredClone(written);
    });
  }

  applyStatus<T extends KubernetesObject>(object: T): Promise<T> {
    return this.#request('applyStatus', () => {
      const live = this.objects.get(idOf(object));
      if (live?.metadata.uid !== object.metadata?.uid) throw new ConflictError('gone');
      this.onStatus((object as Live).status);
      const written = this.#store({ ...live, status: (object as Live).status }, live);
      this.#cache.ofKind(object.kind).written(structuredClone(written));
      return structuredClone(written);
    });
  }

  patch(): Promise<void> {
    return Promise.reject(new Error('nothing in these tests needs it'));
  }

  read<T extends KubernetesObject>(object: T): Promise<T | undefined> {
    return this.#request(`read ${object.kind}`, () => structuredClone(this.objects.get(idOf(object))));
  }

  delete(object: KubernetesObject): Promise<void> {
    return this.#request(`delete ${object.kind}`, () => {
      if (this.objects.get(idOf(object))?.metadata.uid === object.metadata?.uid) this.remove(idOf(object));
      this.#cache.ofKind(object.kind).deleted(object);
    });
  }

  async recordEvent(_about: KubernetesObject, event: ClusterEvent): Promise<void> {
    this.events.push(event);
  }

  // What others do.

  /** Makes or changes an object as a user would, by a merge of fields. */
  write(object: Live): Live {
    const live = this.objects.get(idOf(object));
    return this.#store(merge(live ?? {}, object), live);
  }

  remove(id: string): void {
    const object = this.objects.get(id);
    if (!object) return;
    this.objects.delete(id);
    this.#applied.delete(id);
    this.#tell('removed', { ...object, metadata: { ...object.metadata, resourceVersion: this.#nextVersion() } });
  }

  /** One step of the garbage collector, the Deployment controller, the nodes and the EndpointSlice controller. */
  runControllers(): void {
    const uids = new Set([...this.objects.values()].map(({ metadata }) => metadata.uid));
    for (const [id, { metadata }] of this.objects) {
      if (metadata.ownerReferences?.some(({ uid }: Live) => !uids.has(uid))) this.remove(id);
    }
    for (const deployment of [...this.objects.values()].filter(({ kind }) => kind === 'Deployment')) {
      this.#rollOut(deployment);
    }
    for (const [id, pod] of this.objects) {
      const name = pod.metadata.labels?.[LABELS.instance];
      if (pod.kind === 'Pod' && !this.objects.has(`Deployment ${pod.metadata.namespace}/${name}`)) this.remove(id);
    }
  }

  /** Delivers the oldest event of one kind. @returns the key it is about */
  deliver(kind: string): Key | undefined {
    const event = this.#undelivered.get(kind)?.shift();
    if (!event) return undefined;
    const cache = this.#cache.ofKind(kind);
    const object = structuredClone(event.object);
    if (event.type === 'changed') cache.upsert(object);
    else cache.remove(object);
    const { namespace, name, labels } = event.object.metadata;
    return `${namespace}/${labels?.[LABELS.instance] ?? name}`;
  }

  /** Kinds with undelivered events. */
  get undelivered(): string[] {
    return [...this.#undelivered].filter(([, events]) => events.length > 0).map(([kind]) => kind);
  }

  /** Goes on where another left off: the same API server seen by another process. */
  continueAfter(other: FakeCluster): void {
    this.#applied = other.#applied;
    this.#version = other.#version;
    this.#names = other.#names;
  }

  /** Forgets what was not delivered, and fills a new cache as the first lists of a new process do. */
  listInto(cache: ClusterCache): Key[] {
    this.#undelivered.clear();
    for (const object of this.objects.values()) cache.ofKind(object.kind).upsert(structuredClone(object));
    for (const kind of ['ModelDeployment', 'Deployment', 'Service', 'PodDisruptionBudget', 'Pod', 'EndpointSlice']) {
      cache.ofKind(kind).listed('', String(this.#version));
    }
    return [...cache.modelDeployments.keys()];
  }

  #rollOut(deployment: Live): void {
    const { namespace, name } = deployment.metadata;
    const { template, replicas } = deployment.spec;
    const hash = template.metadata.annotations[HASH];
    const pods = [...this.objects.values()].filter(
      ({ kind, metadata }) =>
        kind === 'Pod' && metadata.namespace === namespace && metadata.labels[LABELS.instance] === name,
    );
    const current = pods.filter(({ metadata }) => metadata.annotations[HASH] === hash);
    for (let missing = replicas - current.length; missing > 0; missing -= 1) current.push(this.#makePod(deployment));
    for (const extra of current.splice(replicas)) this.remove(idOf(extra));
    const isUp = current.every(({ status }) => status.isReady);
    if (isUp)
      for (const old of pods.filter(({ metadata }) => metadata.annotations[HASH] !== hash)) this.remove(idOf(old));
    const ready = [...this.objects.values()].filter(
      ({ kind, metadata, status }) =>
        kind === 'Pod' &&
        status.isReady &&
        metadata.namespace === namespace &&
        metadata.labels[LABELS.instance] === name,
    );
    this.write({
      kind: 'EndpointSlice',
      metadata: { namespace, name: `${name}-slice`, labels: { [LABELS.instance]: name } },
      endpoints: ready.map(({ metadata }) => ({ conditions: { ready: true }, targetRef: { name: metadata.name } })),
    });
    const status = {
      replicas: ready.length,
      updatedReplicas: current.length,
      observedGeneration: deployment.metadata.generation,
    };
    this.write({ ...deployment, status });
  }

  #makePod({ metadata: { namespace, name }, spec: { template } }: Live): Live {
    const isReady = this.comesUp(template);
    const message = JSON.stringify({ reason: 'ModelInvalid', message: 'The file is broken.' });
    const terminated = { exitCode: 1, message };
    return this.write({
      kind: 'Pod',
      metadata: { namespace, name: `${name}-${(this.#names += 1)}`, ...template.metadata },
      spec: { containers: [{ name: 'runtime' }] },
      status: {
        isReady,
        phase: 'Running',
        containerStatuses: [
          { name: 'runtime', ready: isReady, restartCount: 1, lastState: isReady ? {} : { terminated } },
        ],
      },
    });
  }

  #store(object: Live, previous: Live): Live {
    const isSame =
      previous && JSON.stringify(previous) === JSON.stringify({ ...object, metadata: { ...object.metadata } });
    if (isSame) return previous;
    const isNewSpec = JSON.stringify(previous?.spec) !== JSON.stringify(object.spec);
    const uid = previous?.metadata.uid ?? `uid-${(this.#names += 1)}`;
    const generation = (previous?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0);
    const stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, uid, generation, resourceVersion: this.#nextVersion() },
    });
    this.objects.set(idOf(stored), stored);
    this.#tell('changed', stored);
    return stored;
  }

  #tell(type: 'changed' | 'removed', object: Live): void {
    const events = this.#undelivered.get(object.kind) ?? [];
    events.push({ type, object: structuredClone(object) });
    this.#undelivered.set(object.kind, events);
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }

  async #request<T>(request: string, work: () => T): Promise<T> {
    this.requests.push(request);
    const failure = this.nextFailure();
    if (failure === 'before') throw new TransientError('no answer');
    await Promise.resolve();
    if (failure === undefined) return work();
    // Done, but nobody hears of it: the cache is not told either.
    const cache = this.#cache as unknown as { ofKind: unknown };
    const { ofKind } = cache;
    cache.ofKind = () => ({ written() {}, deleted() {} });
    try {
      work();
    } finally {
      cache.ofKind = ofKind;
    }
    throw new TransientError('no answer');
  }
}

/** `Deployment default/iris` */
export function idOf({ kind, metadata }: Live): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function merge(base: Live, over: Live): Live {
  if (!isRecord(base) || !isRecord(over)) return structuredClone(over);
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    if (value !== undefined) merged[name] = merge(base[name], value);
  }
  return merged;
}

/** Server-side apply: what was applied before and is not any more goes. */
function withoutStale(live: Live, before: Live, now: Live): Live {
  if (!isRecord(live) || !isRecord(before)) return live;
  const names = Object.keys(live).filter((name) => before[name] === undefined || now?.[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, withoutStale(live[name], before[name], now?.[name])]));
}

function isRecord(value: Live): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
