import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Failure } from '../support/fake-cluster.ts';
import { ReconcilerBed } from '../support/reconciler-bed.ts';

/** What must be true once nothing happens any more, whatever happened before. */
async function expectConverged(bed: ReconcilerBed): Promise<void> {
  expect(bed.lies).to.deep.equal([]);
  const { metadata, spec, status } = bed.live;
  expect(status.observedGeneration).to.equal(metadata.generation);
  const deployment = bed.cluster.objects.get('Deployment default/iris');
  expect(deployment.spec.replicas).to.equal(spec.replicas);
  expect(bed.cluster.objects.has('Service default/iris')).to.equal(true);
  expect(bed.cluster.objects.has('PodDisruptionBudget default/iris')).to.equal(spec.replicas > 1);
  if (!bed.isBad) {
    expect(bed.ready).to.equal(spec.replicas === 0 ? 'True ScaledToZero' : 'True Ready');
    expect(status.model.generation).to.equal(String(bed.newest));
  } else if (spec.replicas > 0) {
    expect(bed.ready).to.match(/^False (ModelRejected|ModelInvalid)$/);
  }
  // What serves on is what the template names: a pod that starts now comes up.
  if (bed.ready === 'False ModelRejected') expect(bed.cluster.comesUp(deployment.spec.template)).to.equal(true);
  // Rests: neither the same process nor a new one finds anything to do.
  bed.restart();
  bed.cluster.requests = [];
  await bed.settle();
  expect(bed.cluster.requests).to.deep.equal([]);
}

describe('reconciler, whatever happens', () => {
  type Step =
    | { readonly do: 'edit'; readonly replicas: number }
    | { readonly do: 'respell'; readonly logLevel: string }
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
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('respell' as const),
        logLevel: fc.constantFrom('info', 'debug', 'error'),
      }),
    },
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

  type Take = {
    readonly [Kind in Step['do']]: (bed: ReconcilerBed, step: Extract<Step, { do: Kind }>) => void | Promise<void>;
  };
  const DEPLOYMENT = { kind: 'Deployment', metadata: { name: 'iris', namespace: 'default' } };
  const TAKE: Take = {
    edit: (bed, { replicas }) => bed.edit({ replicas }),
    respell: (bed, { logLevel }) => bed.edit({ logLevel }),
    upload: (bed, { isBad }) => bed.upload(isBad),
    damage: (bed, { replicas }) => {
      if (bed.cluster.objects.has('Deployment default/iris')) bed.cluster.write({ ...DEPLOYMENT, spec: { replicas } });
    },
    deleteChild: (bed, { kind }) => bed.cluster.remove(`${kind} default/iris`),
    recreate: (bed) => {
      bed.cluster.remove('ModelDeployment default/iris');
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
  const take = (bed: ReconcilerBed, step: Step): void | Promise<void> =>
    (TAKE[step.do] as (bed: ReconcilerBed, step: Step) => void)(bed, step);

  // Pods come up that no watch tells of, and what they were made from is replaced by what does not come up.
  const REPLACED_UNSEEN: readonly (readonly Step[])[] = [
    [
      { do: 'deliver', kind: 'ModelDeployment' },
      { do: 'run' },
      { do: 'controllers' },
      { do: 'upload', isBad: true },
      { do: 'run' },
    ],
    [
      { do: 'deliver', kind: 'ModelDeployment' },
      { do: 'run' },
      { do: 'controllers' },
      { do: 'respell', logLevel: 'debug' },
      { do: 'deliver', kind: 'ModelDeployment' },
      { do: 'run' },
      { do: 'respell', logLevel: 'error' },
      { do: 'deliver', kind: 'ModelDeployment' },
      { do: 'run' },
    ],
  ];

  it('converges from any order of events, failures and restarts, never lies about Ready, and then rests (property)', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const bed = new ReconcilerBed();
        bed.create();
        for (const one of steps) await take(bed, one);
        await bed.settle();

        await expectConverged(bed);
      }),
      { numRuns: 200, examples: REPLACED_UNSEEN.map((steps) => [[...steps]]) },
    );
  });

  const STORY: readonly (readonly [name: string, happen: (bed: ReconcilerBed) => void])[] = [
    ['it is made', (bed) => bed.create({ replicas: 2 })],
    ['a good generation is uploaded', (bed) => bed.upload(false)],
    ['a bad spec is written', (bed) => bed.edit({ logLevel: bed.badLogLevel })],
    ['a good spec is written', (bed) => bed.edit({ logLevel: 'debug' })],
    ['a bad generation is uploaded', (bed) => bed.upload(true)],
    ['it is scaled', (bed) => bed.edit({ replicas: 1 })],
    ['a corrected generation is uploaded', (bed) => bed.upload(false)],
    ['a child is deleted', (bed) => bed.cluster.remove('Service default/iris')],
  ];

  /** Lives through the story, killed at that request of the process; `done`: the API server still did what it was asked. */
  async function live(killAt: number, done: boolean): Promise<{ bed: ReconcilerBed; requests: number }> {
    const bed = new ReconcilerBed();
    let requests = 0;
    for (const [, happen] of STORY) {
      happen(bed);
      for (let round = 0; round < 12; round += 1) {
        let isKilled = false;
        bed.cluster.nextFailure = () => {
          requests += 1;
          if (isKilled) return 'before';
          isKilled = requests === killAt;
          return isKilled ? (done ? 'after' : 'before') : undefined;
        };
        bed.cluster.runControllers();
        bed.deliverAll();
        if (bed.due.size === 0) break;
        await bed.run();
        if (isKilled) bed.restart();
      }
    }
    await bed.settle();
    return { bed, requests };
  }

  it('converges after being killed at any one of its requests, done or not', async function () {
    this.timeout(60_000);
    const { bed, requests } = await live(0, false);
    await expectConverged(bed);
    expect(requests).to.be.within(20, 60);
    for (let killAt = 1; killAt <= requests; killAt += 1) {
      for (const done of [false, true]) await expectConverged((await live(killAt, done)).bed);
    }
  });
});
