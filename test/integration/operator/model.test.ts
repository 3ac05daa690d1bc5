import { expect } from 'chai';
import { conditionOf, type LiveObject } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';

const GENERATION = 'modeldeployment.dev/model-generation';

describe('following the model on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;

  before(async () => {
    bed = await startOperatorBed();
  });
  beforeEach(() => {
    bed.kubelet.fateOf = () => 'ready';
  });
  after(() => bed.stop());

  const path = (name: string): string => bed.bucket.path(`${name}/model.onnx`);
  const upload = (name: string, content: string): Promise<string> => bed.bucket.upload(`${name}/model.onnx`, content);

  async function create(name: string, model: object = {}, spec: object = {}): Promise<void> {
    await bed.objects.createModelDeployment(name, { model: { path: path(name), ...model }, ...spec });
  }

  async function untilCondition(name: string, expected: RegExp, type = 'Ready'): Promise<LiveObject> {
    return soon(async () => {
      const object = await bed.objects.get('modelDeployment', name);
      expect(conditionOf(object, type)).to.match(expected);
      expect(object.status.observedGeneration).to.equal(object.metadata.generation);
      return object;
    });
  }

  async function pinnedGeneration(name: string): Promise<string> {
    return (await bed.objects.get('deployment', name)).spec.template.metadata.annotations[GENERATION];
  }

  it('waits for a model that is not there, says so, and starts by itself once it is', async () => {
    await create('late');
    const object = await untilCondition('late', /^False ModelNotFound: gs:/);
    expect(conditionOf(object, 'Stalled')).to.match(/^True ModelNotFound/);
    expect(await bed.objects.find('deployment', 'late')).to.equal(undefined);
    const generation = await upload('late', 'a model');
    const ready = await untilCondition('late', /^True Ready/);
    expect(ready.status.model).to.include({ generation, servingGeneration: generation });
    expect(conditionOf(ready, 'Stalled')).to.equal('no Stalled');
  });

  it('rolls out what is written over the model, and the last of several', async () => {
    await upload('follow', 'one');
    await create('follow');
    await untilCondition('follow', /^True Ready/);
    await upload('follow', 'two');
    await upload('follow', 'three');
    const generation = await upload('follow', 'four');
    await soon(async () => {
      const { status } = await untilCondition('follow', /^True Ready/);
      expect(status.model).to.include({ generation, servingGeneration: generation, sizeBytes: 4 });
    });
    expect(await pinnedGeneration('follow')).to.equal(generation);
    expect(
      (await bed.objects.events('follow')).filter((event) => event.includes(`to ${generation}.`)),
    ).to.have.lengthOf(1);
  });

  it('holds still when Pinned, through restarts too, and moves on when told to', async () => {
    const first = await upload('pinned', 'one');
    await create('pinned', { updates: 'Pinned' });
    await untilCondition('pinned', /^True Ready/);
    const second = await upload('pinned', 'two');
    await bed.objects.patch('modelDeployment', 'pinned', { spec: { replicas: 2 } });
    await untilCondition('pinned', /^True Ready/);
    expect(await pinnedGeneration('pinned')).to.equal(first);
    await bed.restartOperator();
    await bed.operator.untilQuiet();
    expect(await pinnedGeneration('pinned')).to.equal(first);
    await bed.objects.patch('modelDeployment', 'pinned', {
      metadata: { annotations: { 'modeldeployment.dev/resolve-now': '1' } },
    });
    await soon(async () => expect(await pinnedGeneration('pinned')).to.equal(second));
  });

  it('serves exactly the generation that the spec names', async () => {
    const bucket = bed.bucket;
    const first = await upload('exact', 'one');
    await create('exact', { generation: first });
    await untilCondition('exact', /^True Ready/);
    await bucket.upload('exact/model.onnx', 'two');
    await bed.touch('exact');
    expect(await pinnedGeneration('exact')).to.equal(first);
    await create('never', { generation: '1' });
    await untilCondition('never', /^False ModelNotFound/);
  });

  it('waits until a folder has been uploaded', async () => {
    await bed.bucket.upload('folder/model.onnx', 'graph');
    await bed.objects.createModelDeployment('folder', { model: { path: bed.bucket.path('folder/') } });
    await soon(async () =>
      expect(conditionOf(await bed.objects.get('modelDeployment', 'folder'), 'ModelResolved')).to.match(/^True/),
    );
    await bed.bucket.upload('folder/weights.bin', 'weights');
    const last = await bed.bucket.upload('folder/more.bin', 'weights');
    await soon(async () => expect(await pinnedGeneration('folder')).to.equal(last));
  });

  it('leaves a path that pods may read to the pods', async () => {
    await bed.objects.createModelDeployment('claim', { model: { path: 'pvc://models/iris/model.onnx' } });
    const object = await untilCondition('claim', /^True Ready/);
    expect(conditionOf(object, 'ModelResolved')).to.match(
      /^Unknown ResolvedByPods: The pods read the model from claim/,
    );
    expect(await pinnedGeneration('claim')).to.equal(undefined);
  });

  describe('a generation that the pods refuse', () => {
    const refusal = JSON.stringify({ reason: 'ModelInvalid', message: 'The file is not a whole ONNX model.' });
    /** Generations whose pods fail. */
    const bad = new Set<string>();

    before(() => bad.clear());
    beforeEach(() => {
      bed.kubelet.fateOf = (pod) =>
        bad.has(pod.metadata.annotations[GENERATION]) ? { terminated: { message: refusal } } : 'ready';
    });

    it('is taken back: the last good one stays in the template, through an operator restart too, until there is a newer one', async () => {
      const good = await upload('refused', 'good');
      await create('refused', {}, { replicas: 2 });
      await untilCondition('refused', /^True Ready/);
      const hash = (await bed.objects.get('deployment', 'refused')).metadata.annotations[
        'modeldeployment.dev/template-hash'
      ];

      bed.kubelet.fateOf = (pod) =>
        pod.metadata.annotations[GENERATION] === good ? 'ready' : { terminated: { message: refusal } };
      const broken = await upload('refused', 'broken');
      const object = await untilCondition('refused', /^False ModelRejected: /);
      expect(conditionOf(object, 'Ready')).to.include(broken).and.include('The file is not a whole ONNX model.');
      expect(conditionOf(object, 'Available')).to.match(/^True/);
      await soon(async () => expect(await pinnedGeneration('refused')).to.equal(good));
      await soon(async () => {
        const pods = await bed.objects.list('pod', 'app.kubernetes.io/instance=refused');
        expect(pods.map((pod) => pod.metadata.annotations[GENERATION])).to.deep.equal([good, good]);
      });
      const deployment = await bed.objects.get('deployment', 'refused');
      expect(deployment.metadata.annotations['modeldeployment.dev/template-hash']).to.equal(hash);

      await bed.untilSettled('refused');
      await bed.restartOperator();
      const story = await bed.objects.events('refused');
      const writes = await bed.requestsDuring(() => bed.touch('refused'));
      expect(await bed.objects.events('refused')).to.deep.equal(story);
      expect(writes).to.deep.equal([]);
      const still = await untilCondition('refused', /^False ModelRejected: /);
      expect(still.status.model).to.include({ generation: good, servingGeneration: good });

      const corrected = await upload('refused', 'corrected');
      bed.kubelet.fateOf = () => 'ready';
      await soon(async () => {
        const { status } = await untilCondition('refused', /^True Ready/);
        expect(status.model).to.include({ generation: corrected, servingGeneration: corrected });
      });
    });

    it('fails in its own words when there is nothing to go back to', async () => {
      bad.add(await upload('first-refused', 'broken'));
      await create('first-refused');
      await untilCondition('first-refused', /^False ModelInvalid: The file is not a whole ONNX model\./);
      const corrected = await upload('first-refused', 'corrected');
      await soon(async () => expect(await pinnedGeneration('first-refused')).to.equal(corrected));
      await untilCondition('first-refused', /^True Ready/);
    });
  });

  it('tells of a quota that refuses the children, and heals when it is lifted', async () => {
    await upload('quota', 'a model');
    const metadata = { name: 'no-services' };
    const quotas = `/api/v1/namespaces/${bed.namespace}/resourcequotas`;
    const { status } = await bed.objects.request('POST', quotas, { metadata, spec: { hard: { services: '0' } } });
    expect(status).to.be.an('object');
    await soon(async () => {
      // The quota counts once its controller has seen it.
      const probe = bed.objects.create('service', { metadata: { name: 'probe' }, spec: { ports: [{ port: 1 }] } });
      const error = await probe.then(() => undefined).catch((error: unknown) => error);
      await bed.objects.delete('service', 'probe');
      expect(String(error)).to.include('exceeded quota');
    });
    await create('quota');
    const object = await untilCondition('quota', /^False QuotaExceeded: The API server refused to apply Service/);
    expect(conditionOf(object, 'Stalled')).to.match(/^True QuotaExceeded/);
    await bed.objects.request('DELETE', `${quotas}/no-services`, {});
    await bed.objects.patch('modelDeployment', 'quota', { metadata: { annotations: { again: '1' } } });
    await untilCondition('quota', /^True Ready/);
  });
});
