import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ModelResolution } from '../../operator/api/resolution.ts';
import { ChildWriter } from '../../operator/child-writer.ts';
import type { Key } from '../../operator/cluster/client.ts';
import { ClusterCache } from '../../operator/cluster/cluster-cache.ts';
import { Reconciler } from '../../operator/reconciler.ts';
import { RepairLimiter } from '../../operator/repair-limiter.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeCluster, type Failure } from '../support/fake-cluster.ts';
import { modelDeployment } from '../support/model-deployment.ts';

const ID = 'ModelDeployment default/iris';
const KEY: Key = 'default/iris';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

// oxlint-disable-next-line typescript/no-explicit-any -- objects of the fake cluster
type Live = any;

/** A reconciler on a fake cluster; `restart` is a new process with empty memory. */
class Bed {
  cache = new ClusterCache();
  readonly clock = new FakeClock();
  readonly due = new Set<Key>();
  newest = 100;
  resolution: ModelResolution = resolved('100');
  cluster = new FakeCluster(this.cache);
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
    if (isBad) this.cluster.badGenerations.add(String(this.newest));
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
    const { objects, badGenerations, events } = this.cluster;
    this.cache = new ClusterCache();
    const next = new FakeCluster(this.cache);
    Object.assign(next, { objects, badGenerations, events });
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

  #makeReconciler(): Reconciler {
    const limiter = new RepairLimiter(this.clock);
    const { cluster, cache, clock } = this;
    return new Reconciler({
      cache,
      cluster,
      children: new ChildWriter({ cluster, limiter, onWritten: () => {}, log: silent }),
      resolver: { resolve: async () => this.resolution, forget: () => {} },
      config: { runtimeImage: 'runtime:1', storageEmulatorHost: undefined },
      clock,
    });
  }
}

function resolved(generation: string): ModelResolution {
  return { kind: 'resolved', generation, sizeBytes: 1, resolvedAt: '2026-01-01T00:00:00Z' };
}

describe('reconciler', () => {
  it('creates with two applies and two status writes until Ready', async () => {
    const bed = new Bed();
    bed.create();
    await bed.settle();
    expect(bed.ready).to.equal('True Ready');
    expect(bed.cluster.requests).to.deep.equal(['apply Service', 'apply Deployment', 'applyStatus', 'applyStatus']);
  });

  it('applies nothing twice because the watch is late', async () => {
    const bed = new Bed();
    bed.create();
    bed.deliver('ModelDeployment');
    await bed.run();
    bed.cluster.requests = [];
    for (let pass = 0; pass < 5; pass += 1) {
      bed.due.add(KEY);
      await bed.run();
    }
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('makes no request in a pass over an object that is as it should be, also in a new process', async () => {
    const bed = new Bed();
    bed.create({ replicas: 3 });
    await bed.settle();
    bed.restart();
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('writes a first status although storage has no answer, and makes nothing', async () => {
    const bed = new Bed();
    bed.resolution = { kind: 'failed', reason: 'StorageUnavailable', message: 'Down.', retryable: true };
    bed.create();
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal(['applyStatus']);
    expect(bed.ready).to.equal('False StorageUnavailable');
  });

  it('makes nothing again for an object that is being deleted', async () => {
    const bed = new Bed();
    bed.create();
    await bed.settle();
    bed.cluster.write({
      kind: 'ModelDeployment',
      metadata: { name: 'iris', namespace: 'default', deletionTimestamp: 'now' },
    });
    bed.cluster.remove('Deployment default/iris');
    bed.cluster.requests = [];
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('writes status after a child was refused, with every other child in place', async () => {
    const bed = new Bed();
    bed.cluster.write({
      kind: 'Deployment',
      metadata: { name: 'iris', namespace: 'default' },
      spec: { replicas: 1, template: { metadata: { annotations: {} } } },
    });
    bed.deliverAll();
    bed.create();
    bed.deliverAll();
    await bed.run();
    expect(bed.ready).to.equal('False ChildNotOwned');
    expect(bed.cluster.objects.get('Deployment default/iris').metadata.ownerReferences).to.equal(undefined);
  });

  it('does not call a spec handled whose children could not be written', async () => {
    const bed = new Bed();
    bed.create();
    await bed.settle();
    // The pods stay as they are: nothing but the failed pass tells that something is missing.
    bed.edit({ ...bed.live.spec, service: { ...bed.live.spec.service, annotations: { team: 'a' } } });
    const { generation } = bed.live.metadata;
    const failures: Failure[] = ['before'];
    bed.cluster.nextFailure = () => failures.shift();
    bed.deliverAll();
    await bed.run();
    expect(failures).to.deep.equal([]);
    expect(bed.live.status.observedGeneration).to.equal(generation - 1);
    await bed.settle();
    expect(bed.live.status.observedGeneration).to.equal(generation);
    expect(bed.ready).to.equal('True Ready');
  });

  it('repairs a few times at once, then waits: two that fight must not load the API server', async () => {
    const bed = new Bed();
    bed.create();
    await bed.settle();
    const damage = async (): Promise<void> => {
      bed.cluster.write({
        kind: 'Deployment',
        metadata: { name: 'iris', namespace: 'default' },
        spec: { replicas: 7 },
      });
      bed.deliverAll();
      await bed.run();
      bed.deliverAll();
    };
    const replicas = (): number => bed.cluster.objects.get('Deployment default/iris').spec.replicas;
    for (let repair = 0; repair < 5; repair += 1) {
      await damage();
      expect(replicas()).to.equal(1);
    }
    await damage();
    expect(replicas()).to.equal(7);
    await bed.settle();
    expect(replicas()).to.equal(1);
    expect(bed.cluster.events.filter(({ reason }) => reason === 'DriftRepaired')).to.have.lengthOf(6);
  });

  type Step =
    | { readonly do: 'edit'; readonly replicas: number }
    | { readonly do: 'upload'; readonly isBad: boolean }
    | { readonly do: 'damage'; readonly replicas: number }
    | { readonly do: 'deleteChild'; readonly kind: string }
    | { readonly do: 'recreate' }
    | { readonly do: 'restart' }
    | { readonly do: 'controllers' }
    | { readonly do: 'run' }
    | { readonly do: 'deliver'; readonly kind: string }
    | { readonly do: 'fail'; readonly failures: readonly Failure[] };

  const KINDS = ['ModelDeployment', 'Deployment', 'Service', 'PodDisruptionBudget', 'Pod', 'EndpointSlice'];
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), replicas: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('upload' as const), isBad: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('damage' as const), replicas: fc.integer({ min: 4, max: 6 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('deleteChild' as const),
        kind: fc.constantFrom('Deployment', 'Service', 'PodDisruptionBudget'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('recreate' as const, 'restart' as const) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('controllers' as const, 'run' as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver' as const), kind: fc.constantFrom(...KINDS) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('fail' as const),
        failures: fc.array(fc.constantFrom<Failure>('before', 'after', undefined), { maxLength: 4 }),
      }),
    },
  );

  type Take = { readonly [Kind in Step['do']]: (bed: Bed, step: Extract<Step, { do: Kind }>) => void | Promise<void> };
  const DEPLOYMENT = { kind: 'Deployment', metadata: { name: 'iris', namespace: 'default' } };
  const TAKE: Take = {
    edit: (bed, { replicas }) => bed.edit({ replicas }),
    upload: (bed, { isBad }) => bed.upload(isBad),
    damage: (bed, { replicas }) => {
      if (bed.cluster.objects.has('Deployment default/iris')) bed.cluster.write({ ...DEPLOYMENT, spec: { replicas } });
    },
    deleteChild: (bed, { kind }) => bed.cluster.remove(`${kind} default/iris`),
    recreate: (bed) => {
      bed.cluster.remove(ID);
      bed.create();
    },
    restart: (bed) => bed.restart(),
    controllers: (bed) => bed.cluster.runControllers(),
    run: (bed) => bed.run(),
    deliver: (bed, { kind }) => bed.deliver(kind),
    fail: (bed, { failures }) => {
      const left = [...failures];
      bed.cluster.nextFailure = () => left.shift();
    },
  };
  const take = (bed: Bed, step: Step): void | Promise<void> =>
    (TAKE[step.do] as (bed: Bed, step: Step) => void)(bed, step);

  it('converges from any order of events, failures and restarts, never lies about Ready, and then rests (property)', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const bed = new Bed();
        bed.create();
        for (const one of steps) await take(bed, one);
        await bed.settle();

        const { metadata, spec, status } = bed.live;
        expect(status.observedGeneration).to.equal(metadata.generation);
        const deployment = bed.cluster.objects.get('Deployment default/iris');
        expect(deployment.spec.replicas).to.equal(spec.replicas);
        expect(bed.cluster.objects.has('Service default/iris')).to.equal(true);
        expect(bed.cluster.objects.has('PodDisruptionBudget default/iris')).to.equal(spec.replicas > 1);
        const newest = String(bed.newest);
        const isRefused = bed.cluster.badGenerations.has(newest) && spec.replicas > 0;
        expect(bed.ready.startsWith('True')).to.equal(!isRefused);
        if (!isRefused) expect(status.model.generation).to.equal(newest);
        // What serves on is what the template names: a pod that starts now comes up.
        if (bed.ready === 'False ModelRejected') {
          expect(bed.cluster.badGenerations.has(status.model.generation)).to.equal(false);
        }

        bed.restart();
        bed.cluster.requests = [];
        await bed.settle();
        expect(bed.cluster.requests).to.deep.equal([]);
      }),
      { numRuns: 100 },
    );
  });
});
