import { expect } from 'chai';
import { readSampleClassifier, type SampleClassifier } from '../../dev/sample-models.ts';
import { isReady, waitUntilReady } from '../../dev/wait-until-ready.ts';
import { ClientPod } from './client-pod.ts';
import { installation, TestNamespace, uploadSample } from './installation.ts';
import { eventually } from '../support/eventually.ts';

describe('a model that is replaced under load', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  const object = 'rolling/model.onnx';
  const url = `http://iris.${namespace.name}.svc.cluster.local/predict`;
  const wait = (generation?: string) =>
    waitUntilReady(installation().kubectl, {
      namespace: namespace.name,
      name: 'iris',
      ...(generation !== undefined && { modelGeneration: generation }),
    });
  let sample: SampleClassifier;
  let body: object;

  before(async () => {
    await namespace.create();
    sample = await readSampleClassifier('iris-lr-strings');
    body = { instances: sample.rows };
    const { path, generation } = await uploadSample(sample.file, object);
    await namespace.applyModel('iris', { model: { path }, replicas: 2 });
    await client.start();
    await wait(generation);
  });
  after(() => namespace.delete());

  it('serves a new generation of the object without a failed request', async () => {
    let generation = '';
    const load = await client.postWhile(url, body, async () => {
      ({ generation } = await uploadSample('iris-rf-tensor.onnx', object));
      await wait(generation);
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    expect(load.generations.at(-1)).to.equal(generation);
    expect(load.generations).to.have.length(2);
  });

  it('rolls a changed spec out without a failed request', async () => {
    const load = await client.postWhile(url, body, async () => {
      await namespace.kubectl('patch', 'modeldeployment', 'iris', '--type=merge', '-p', '{"spec":{"logLevel":"warn"}}');
      await wait();
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
  });

  it('keeps serving the old generation when the new one is refused', async () => {
    const before = await client.post(url, body);
    const load = await client.postWhile(url, body, async () => {
      await uploadSample('bad/truncated.onnx', object);
      await waitUntilReady(installation().kubectl, {
        namespace: namespace.name,
        name: 'iris',
        isDone: (model) =>
          Promise.resolve(model.status?.conditions?.some(({ reason }) => reason === 'ModelRejected') ?? false),
        timeoutMs: 120_000,
      });
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    expect(load.generations).to.deep.equal([before.generation]);
  });

  it('recovers when a good model is uploaded again', async () => {
    const { generation } = await uploadSample(sample.file, object);
    expect(isReady(await wait(generation), generation)).to.equal(true);
    // kube-proxy may still send a request to an old pod, which serves until it is withdrawn.
    await eventually(async () => {
      expect(await client.post(url, body)).to.include({ status: 200, generation });
    });
  });
});
