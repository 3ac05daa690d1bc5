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

describe('what is true of a model is in its status, on a real cluster', () => {
  const shared = new TestNamespace();
  const own = new Map<string, TestNamespace>();
  const modelOf = ({ name }: Fault) => ({ name, namespace: own.get(name) ?? shared });

  before(async () => {
    await shared.create();
    await uploadFiles();
    for (const fault of FAULTS) {
      if (fault.quota) own.set(fault.name, await namespaceWithQuota(fault.quota));
    }
    await Promise.all(FAULTS.map(async (fault) => fault.before?.(modelOf(fault))));
    for (const namespace of [shared, ...own.values()]) {
      const faults = FAULTS.filter((fault) => modelOf(fault).namespace === namespace);
      await namespace.apply({ apiVersion: 'v1', kind: 'List', items: faults.map(toModelDeployment) });
    }
    await Promise.all(FAULTS.map(actAfterwards));
  });
  after(() => Promise.all([shared, ...own.values()].map((namespace) => namespace.delete())));

  async function actAfterwards(fault: Fault): Promise<void> {
    const { name, namespace } = modelOf(fault);
    await fault.after?.({ namespace, name });
    if (!fault.onceReady) return;
    await waitUntilReady(installation().kubectl, { namespace: namespace.name, name });
    await fault.onceReady({ namespace, name });
  }

  for (const { reason, fault } of CASES) {
    const { name, condition: type = CONDITION_TYPES.ready, says } = fault;

    it(`${name}: ${reason}`, async () => {
      const model = await eventually(() => modelWithReason(fault, reason), { timeoutMs: 120_000, intervalMs: 500 });
      expect(conditionOf(model, type)?.message).to.match(says);
      expect(model.status?.observedGeneration).to.equal(model.metadata.generation);
      expect(kstatus(model)).to.equal(judgement(reason));
      expect(model.status?.readyReplicas).to.equal(SERVES_ON.has(reason) ? 1 : 0);
      if (type !== CONDITION_TYPES.ready) return;
      const described = await modelOf(fault).namespace.kubectl('describe', 'modeldeployment', name);
      expect(described.split('\nEvents:')[1], 'events').to.contain(reason);
    });
  }

  it('each has its reason in kubectl get', async () => {
    const table = await shared.kubectl('get', 'modeldeployments');
    for (const { reason, fault } of CASES) {
      if (own.has(fault.name) || fault.condition) continue;
      expect(table).to.match(new RegExp(`^${fault.name} .* ${reason} `, 'm'));
    }
  });

  async function modelWithReason(fault: Fault, reason: Reason): Promise<ModelDeployment> {
    const { name, namespace } = modelOf(fault);
    const model = JSON.parse(await namespace.kubectl('get', 'modeldeployment', name, '-o', 'json')) as ModelDeployment;
    const found = conditionOf(model, fault.condition ?? CONDITION_TYPES.ready);
    if (found?.reason !== reason) throw new Error(`${name} is ${found?.reason}: ${found?.message}`);
    return model;
  }
});

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
