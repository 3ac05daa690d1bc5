import { expect } from 'chai';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { CONDITION_TYPES, REASONS, type Reason } from '../../operator/api/model-deployment.ts';
import { readSampleFile } from '../../dev/sample-models.ts';
import { eventually } from '../support/eventually.ts';
import { kstatus } from '../support/kstatus.ts';
import { FAULT_MATRIX, objectOf, SERVES_ON, SMALL_RESOURCES, type Fault } from './fault-matrix.ts';
import { installation, modelDeployment, TestNamespace } from './installation.ts';

const GOOD_MODEL = 'iris-lr-strings.onnx';
const CASES = Object.entries(FAULT_MATRIX).flatMap(([reason, faults]) =>
  faults.map((fault) => ({ reason: reason as Reason, fault })),
);
const FAULTS = CASES.map(({ fault }) => fault);
/** No event tells that something new starts as it was asked to. */
const NO_NEWS: ReadonlySet<Reason> = new Set<Reason>(['RolloutInProgress', 'Paused']);
/** Pods at a time: what a node of two cores starts soon. */
const BATCH = 10;
/** For a condition to get its reason; on a machine that has much else to do. */
const REASON_TIMEOUT_MS = 150_000;

describe('what is true of a model is in its status, on a real cluster', () => {
  const shared = new TestNamespace();
  const own = new Map<string, TestNamespace>();
  const modelOf = ({ name }: Fault) => ({ name, namespace: own.get(name) ?? shared });

  before(async () => {
    await shared.create();
    await uploadFiles();
  });
  after(() => Promise.all([shared, ...own.values()].map((namespace) => namespace.delete())));

  for (const batch of batchesOf(CASES)) {
    describe(batch.map(({ fault }) => fault.name).join(', '), () => {
      before(async function () {
        this.timeout(2 * REASON_TIMEOUT_MS);
        await Promise.all(batch.map(({ fault }) => start(fault)));
      });
      // Pods that fail are started again and again, at the cost of those of the next batch.
      after(() => shared.kubectl('delete', 'modeldeployments', '--all', '--timeout=60s'));

      for (const { reason, fault } of batch) {
        it(`${fault.name}: ${reason}`, () => expectFault(fault, reason)).timeout(2 * REASON_TIMEOUT_MS);
      }

      it('kubectl get shows the reason of each', async () => {
        const table = await shared.kubectl('get', 'modeldeployments');
        for (const { reason, fault } of batch) {
          if (own.has(fault.name) || fault.condition) continue;
          expect(table).to.match(new RegExp(`^${fault.name} .* ${reason} `, 'm'));
        }
      });
    });
  }

  async function start(fault: Fault): Promise<void> {
    if (fault.quota) own.set(fault.name, await namespaceWithQuota(fault.quota));
    const { name, namespace } = modelOf(fault);
    await fault.before?.({ namespace, name });
    await namespace.apply(toModelDeployment(fault));
    await fault.after?.({ namespace, name });
    if (!fault.onceReady) return;
    const ready = { namespace: namespace.name, name, timeoutMs: REASON_TIMEOUT_MS };
    await waitUntilReady(installation().kubectl, ready);
    await fault.onceReady({ namespace, name });
  }

  async function expectFault(fault: Fault, reason: Reason): Promise<void> {
    const { name, condition: type = CONDITION_TYPES.ready, says } = fault;
    const atRest = async (): Promise<Awaited<ReturnType<typeof modelWithReason>>> => {
      const model = await modelWithReason(fault, reason);
      // What is said of the model's file is true before its pods are ready.
      expect(kstatus(model)).to.equal(judgement(reason));
      return model;
    };
    const model = await eventually(atRest, { timeoutMs: REASON_TIMEOUT_MS, intervalMs: 500 });
    expect(conditionOf(model, type)?.message).to.match(says);
    expect(model.status?.observedGeneration).to.equal(model.metadata.generation);
    expect(model.status?.readyReplicas).to.equal(SERVES_ON.has(reason) ? 1 : 0);
    if (type !== CONDITION_TYPES.ready || NO_NEWS.has(reason)) return;
    // Events come after the status that they are about.
    await eventually(async () => {
      const described = await modelOf(fault).namespace.kubectl('describe', 'modeldeployment', name);
      expect(described.split('\nEvents:')[1], 'events').to.contain(reason);
    });
  }

  async function modelWithReason(fault: Fault, reason: Reason): Promise<ModelDeployment> {
    const { name, namespace } = modelOf(fault);
    const model = JSON.parse(await namespace.kubectl('get', 'modeldeployment', name, '-o', 'json')) as ModelDeployment;
    const found = conditionOf(model, fault.condition ?? CONDITION_TYPES.ready);
    if (found?.reason !== reason) throw new Error(`${name} is ${found?.reason}: ${found?.message}`);
    return model;
  }
});

function batchesOf<T>(cases: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(cases.length / BATCH) }, (_, batch) =>
    cases.slice(batch * BATCH, (batch + 1) * BATCH),
  );
}

function uploadFiles(): Promise<void> {
  return installation().withEmulator(async (emulator) => {
    for (const { name, file = GOOD_MODEL, bucket = 'models' } of FAULTS) {
      if (file === null) continue;
      await emulator.createBucket(bucket);
      await emulator.upload(bucket, objectOf(name), await readSampleFile(file));
    }
  });
}

function toModelDeployment(fault: Fault): object {
  const { name, bucket = 'models', path = `gs://${bucket}/${objectOf(name)}` } = fault;
  const { model = {}, ...rest } = typeof fault.spec === 'function' ? fault.spec() : (fault.spec ?? {});
  return modelDeployment(name, { resources: SMALL_RESOURCES, ...rest, model: { path, ...(model as object) } });
}

function conditionOf({ status }: ModelDeployment, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** What kstatus, so Flux and `kubectl wait`, is to make of a reason before its deadline has passed. */
function judgement(reason: Reason): string {
  if (REASONS[reason].stalls === 'yes') return 'Failed';
  return ['Ready', 'Resolved', 'Serving', 'ScaledToZero'].includes(reason) ? 'Current' : 'InProgress';
}

async function namespaceWithQuota(hard: object): Promise<TestNamespace> {
  const namespace = new TestNamespace();
  await namespace.create();
  await namespace.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard } });
  return namespace;
}
