import type { ModelResolution } from '../../operator/api/resolution.ts';
import { ChildWriter } from '../../operator/child-writer.ts';
import type { Key } from '../../operator/cluster/client.ts';
import { ClusterCache } from '../../operator/cluster/cluster-cache.ts';
import { Reconciler } from '../../operator/reconciler.ts';
import { RepairLimiter } from '../../operator/repair-limiter.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeCluster } from './fake-cluster.ts';
import { modelDeployment } from './model-deployment.ts';

const ID = 'ModelDeployment default/iris';
export const KEY: Key = 'default/iris';
const GENERATION = 'modeldeployment.dev/model-generation';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

// oxlint-disable-next-line typescript/no-explicit-any -- objects of the fake cluster
export type Live = any;

/** A reconciler on a fake cluster; `restart` is a new process with empty memory. */
export class ReconcilerBed {
  cache = new ClusterCache();
  readonly clock = new FakeClock();
  readonly due = new Set<Key>();
  newest = 100;
  /** Generations whose pods do not come up; nor do those with this log level. */
  readonly badGenerations = new Set<string>();
  readonly badLogLevel = 'error';
  /** What was written into status and was not true. */
  readonly lies: string[] = [];
  resolution: ModelResolution = resolved('100');
  /** What the last pass knew of the model without storage. */
  lastKnown: ModelResolution | undefined;
  cluster = this.#watchOver(new FakeCluster(this.cache));
  #reconciler = this.#makeReconciler();

  get live(): Live {
    return this.cluster.objects.get(ID);
  }

  get ready(): string {
    const condition = this.live?.status?.conditions?.find(({ type }: Live) => type === 'Ready');
    return condition ? `${condition.status} ${condition.reason}` : 'none';
  }

  create(spec: object = {}): void {
    const { apiVersion, kind, spec: written } = modelDeployment({ spec });
    this.cluster.write({ apiVersion, kind, metadata: { name: 'iris', namespace: 'default' }, spec: written });
  }

  edit(spec: object): void {
    this.cluster.write({ kind: 'ModelDeployment', metadata: { name: 'iris', namespace: 'default' }, spec });
  }

  /** A new generation of the model, noticed at once. */
  upload(isBad: boolean): void {
    this.newest += 1;
    if (isBad) this.badGenerations.add(String(this.newest));
    this.resolution = resolved(String(this.newest));
    this.due.add(KEY);
  }

  deliver(kind: string): void {
    const key = this.cluster.deliver(kind);
    if (key) this.due.add(key);
  }

  deliverAll(): void {
    while (this.cluster.undelivered.length > 0) for (const kind of this.cluster.undelivered) this.deliver(kind);
  }

  /** One pass for every key that is due; a failed one stays due. */
  async run(): Promise<void> {
    const keys = [...this.due];
    this.due.clear();
    for (const key of keys) {
      const outcome = await this.#reconciler.reconcile(key).catch(() => undefined);
      if (outcome?.kind !== 'done') this.due.add(key);
    }
  }

  /** A new process: nothing remembered but what the API server has. */
  restart(): void {
    const { objects, events } = this.cluster;
    this.cache = new ClusterCache();
    const next = this.#watchOver(new FakeCluster(this.cache));
    Object.assign(next, { objects, events });
    next.continueAfter(this.cluster);
    this.cluster = next;
    this.#reconciler = this.#makeReconciler();
    for (const key of next.listInto(this.cache)) this.due.add(key);
  }

  /** Everything that can happen without a person happens, until nothing does. */
  async settle(): Promise<void> {
    this.cluster.nextFailure = () => undefined;
    for (let round = 0; round < 40; round += 1) {
      this.cluster.runControllers();
      this.deliverAll();
      if (this.due.size === 0) return;
      await this.run();
      await this.clock.advance(60_000);
    }
    throw new Error(`does not come to rest: ${this.cluster.requests.slice(-8).join(', ')}`);
  }

  /** What the spec as it is now makes with the newest generation does not come up. */
  get isBad(): boolean {
    return this.badGenerations.has(String(this.newest)) || this.live.spec.logLevel === this.badLogLevel;
  }

  #watchOver(cluster: FakeCluster): FakeCluster {
    cluster.comesUp = ({ metadata, spec }) =>
      !this.badGenerations.has(metadata.annotations[GENERATION]) &&
      !spec.containers[0].env.some(({ name, value }: Live) => name === 'LOG_LEVEL' && value === this.badLogLevel);
    cluster.onStatus = (status) => this.#judge(status);
    return cluster;
  }

  /** Ready is said only of the newest generation, of the spec that was seen, and of nothing that was gone back to. */
  #judge({ conditions, model, observedGeneration }: Live): void {
    const ready = conditions.find(({ type }: Live) => type === 'Ready');
    if (ready.status !== 'True') return;
    const template = this.cache.deployments.get(KEY)?.spec?.template.metadata?.annotations?.[GENERATION];
    const seen = this.cache.modelDeployments.get(KEY)?.metadata.generation;
    const newest = String(this.newest);
    if (model.generation !== newest || template !== newest || observedGeneration !== seen) {
      this.lies.push(`Ready with ${model.generation} while ${newest} is the newest and ${template} is deployed`);
    }
  }

  #makeReconciler(): Reconciler {
    const limiter = new RepairLimiter(this.clock);
    const { cluster, cache, clock } = this;
    return new Reconciler({
      cache,
      cluster,
      children: new ChildWriter({ cluster, limiter, onWritten: () => {}, log: silent }),
      resolver: {
        resolve: async (_key, query) => {
          this.lastKnown = query.lastKnown?.();
          return this.resolution;
        },
        forget: () => {},
      },
      config: { runtimeImage: 'runtime:1', storageEmulatorHost: undefined },
      clock,
    });
  }
}

function resolved(generation: string): ModelResolution {
  return { kind: 'resolved', generation, sizeBytes: 1, resolvedAt: '2026-01-01T00:00:00Z' };
}
