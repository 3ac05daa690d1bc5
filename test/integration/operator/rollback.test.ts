import { expect } from 'chai';
import { conditionOf, type LiveObject } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';
import type { PodFate } from '../../support/stand-in-kubelet.ts';
import { passDeadline } from './fault-matrix.ts';

const HASH = 'modeldeployment.dev/template-hash';
const GENERATION = 'modeldeployment.dev/model-generation';

describe('a spec that the pods refuse, on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;

  before(async () => {
    bed = await startOperatorBed();
  });
  beforeEach(() => {
    bed.kubelet.fateOf = () => 'ready';
  });
  after(() => bed.stop());

  async function ready(name: string, spec: object = {}): Promise<LiveObject> {
    await bed.bucket.upload(`${name}/model.onnx`, 'a model');
    const model = { path: bed.bucket.path(`${name}/model.onnx`) };
    await bed.objects.createModelDeployment(name, { model, ...spec });
    await untilReady(name, /^True Ready/);
    return bed.objects.get('deployment', name);
  }

  async function untilReady(name: string, expected: RegExp): Promise<LiveObject> {
    return soon(async () => {
      const object = await bed.objects.get('modelDeployment', name);
      expect(conditionOf(object, 'Ready')).to.match(expected);
      expect(object.status.observedGeneration).to.equal(object.metadata.generation);
      return object;
    });
  }

  const patch = (name: string, spec: object): Promise<LiveObject> =>
    bed.objects.patch('modelDeployment', name, { spec });
  const podsOf = (name: string): Promise<LiveObject[]> => bed.objects.list('pod', `app.kubernetes.io/instance=${name}`);
  const envOf = (pod: LiveObject, name: string): string | undefined =>
    pod.spec.containers[0].env.find((variable: LiveObject) => variable.name === name)?.value;
  const refuse = (message: string, reason = 'InvalidSpec'): PodFate => ({
    terminated: { message: JSON.stringify({ reason, message }) },
  });

  /** Only pods of that template exist, that many, and none is going. */
  async function untilPodsAre(name: string, hash: string, count: number): Promise<void> {
    await soon(async () => {
      const pods = await podsOf(name);
      expect(pods.map((pod) => pod.metadata.annotations[HASH])).to.deep.equal(Array(count).fill(hash));
      expect(pods.filter((pod) => pod.metadata.deletionTimestamp)).to.deep.equal([]);
    });
    await bed.untilSettled(name);
  }

  it('is taken back, holds through restarts, scaling and lost pods, and heals with the next spec', async () => {
    const before = await ready('labels', { replicas: 2 });
    const hash = before.metadata.annotations[HASH];
    const uids = (await podsOf('labels')).map((pod) => pod.metadata.uid);
    bed.kubelet.fateOf = (pod) =>
      envOf(pod, 'MODEL_LABELS') ? refuse('labels has 2 names, the model 3 classes.') : 'ready';

    await patch('labels', { model: { labels: ['a', 'b'] } });
    const object = await untilReady('labels', /^False ModelRejected: The new spec was refused \(InvalidSpec\): /);
    expect(conditionOf(object, 'Ready')).to.match(
      /labels has 2 names, the model 3 classes\. The previous spec serves on\.$/,
    );
    expect(conditionOf(object, 'Stalled')).to.match(/^True ModelRejected/);
    expect(conditionOf(object, 'Available')).to.match(/^True/);
    await untilPodsAre('labels', hash, 2);
    const { spec } = await bed.objects.get('deployment', 'labels');
    expect(spec.template).to.deep.equal(before.spec.template);
    expect((await podsOf('labels')).map((pod) => pod.metadata.uid)).to.have.members(uids);

    await bed.restartOperator('SIGKILL');
    expect(await bed.requestsDuring(() => bed.touch('labels'))).to.deep.equal([]);
    await untilReady('labels', /^False ModelRejected: /);

    await patch('labels', { replicas: 4 });
    await untilPodsAre('labels', hash, 4);
    const [lost] = await podsOf('labels');
    await bed.objects.delete('pod', lost.metadata.name);
    await untilPodsAre('labels', hash, 4);
    await soon(async () => {
      const { status } = await untilReady('labels', /^False ModelRejected: /);
      expect(status.replicasSummary).to.equal('4/4');
    });

    const refusals = (await bed.objects.events('labels')).filter((event) => event.startsWith('ModelRejected'));
    expect(refusals).to.have.lengthOf(1);

    bed.kubelet.fateOf = () => 'ready';
    await patch('labels', { model: { labels: ['a', 'b', 'c'] } });
    await untilReady('labels', /^True Ready/);
    expect((await podsOf('labels')).map((pod) => envOf(pod, 'MODEL_LABELS'))).to.include('["a","b","c"]');
  });

  it('is left behind when it is put back, without a new pod', async () => {
    await ready('undone');
    const uids = (await podsOf('undone')).map((pod) => pod.metadata.uid);
    bed.kubelet.fateOf = (pod) => (envOf(pod, 'LOG_LEVEL') ? { terminated: { reason: 'OOMKilled' } } : 'ready');
    await patch('undone', { logLevel: 'debug' });
    await untilReady('undone', /^False ModelRejected: The new spec was refused \(OutOfMemory\)/);
    await patch('undone', { logLevel: 'info' });
    await untilReady('undone', /^True Ready/);
    expect((await podsOf('undone')).map((pod) => pod.metadata.uid)).to.deep.equal(uids);
  });

  it('says which model serves when it was another path that was refused, and tries again when told to', async () => {
    await ready('moved');
    const path = bed.bucket.path('moved/model.onnx');
    const { generation } = (await bed.objects.get('modelDeployment', 'moved')).status.model;
    const other = await bed.bucket.upload('elsewhere/model.onnx', 'not a model');
    const fate = (pod: LiveObject): PodFate =>
      pod.metadata.annotations[GENERATION] === other ? refuse('It is a pickle.', 'ModelInvalid') : 'ready';
    bed.kubelet.fateOf = fate;
    await patch('moved', { model: { path: bed.bucket.path('elsewhere/model.onnx') } });
    const { status } = await untilReady(
      'moved',
      /^False ModelRejected: Model generation \d+ was refused \(ModelInvalid\)/,
    );
    expect(status.model).to.include({ path, generation, servingGeneration: generation });

    bed.kubelet.fateOf = () => 'ready';
    await bed.touch('moved');
    await untilReady('moved', /^False ModelRejected/);
    await bed.objects.patch('modelDeployment', 'moved', {
      metadata: { annotations: { 'modeldeployment.dev/resolve-now': '1' } },
    });
    const moved = await untilReady('moved', /^True Ready/);
    expect(moved.status.model).to.include({ path: bed.bucket.path('elsewhere/model.onnx'), generation: other });
  });

  it('is taken back when its pods are silent until the deadline, and tells what may pass', async () => {
    const { metadata } = await ready('silent');
    bed.kubelet.fateOf = (pod) =>
      envOf(pod, 'LOG_LEVEL') ? { waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } } : 'ready';
    await patch('silent', { logLevel: 'debug' });
    await untilReady('silent', /^False ImagePullFailed: /);
    await passDeadline(bed, 'silent');
    const object = await untilReady('silent', /^False ModelRejected: The new spec was refused \(ImagePullFailed\)/);
    expect(conditionOf(object, 'Ready')).to.match(/is tried again every 30 minutes\.$/);
    await untilPodsAre('silent', metadata.annotations[HASH], 1);
  });
});
