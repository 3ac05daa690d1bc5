import { expect } from 'chai';
import { comparePredictions, readPredictions } from '../../dev/demo-prediction.ts';
import { readSampleClassifier, type SampleClassifier } from '../../dev/sample-models.ts';
import { isReady, waitUntilReady } from '../../dev/wait-until-ready.ts';
import { ClientPod } from './client-pod.ts';
import { installation, TestNamespace, uploadSample } from './installation.ts';

describe('a ModelDeployment on a real cluster', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  let sample: SampleClassifier;
  let endpoint: string;

  before(async () => {
    await namespace.create();
    sample = await readSampleClassifier('iris-lr-strings');
    const { path, generation } = await uploadSample(sample.file, 'predict/iris.onnx');
    await namespace.applyModel('iris', { model: { path } });
    await client.start();
    const options = { namespace: namespace.name, name: 'iris', modelGeneration: generation };
    const model = await waitUntilReady(installation().kubectl, options);
    endpoint = model.status?.endpoint ?? '';
  });
  after(() => namespace.delete());

  it('names the Service in status.endpoint', () => {
    expect(endpoint).to.equal(`http://iris.${namespace.name}.svc.cluster.local`);
  });

  it('answers another pod through the Service DNS name with what scikit-learn predicts', async () => {
    const answer = await client.post(`${endpoint}/predict`, { instances: sample.rows });
    expect(answer.status).to.equal(200);
    comparePredictions(sample, readPredictions(JSON.stringify(answer.body)));
  });

  it('answers a bad request with 400 and the field path', async () => {
    const answer = await client.post(`${endpoint}/v1/models/iris:predict`, { instances: [[1, 2, 3]] });
    expect(answer.status).to.equal(400);
    expect(answer.body).to.include({ code: 'InvalidInput' });
    expect((answer.body as { error: string }).error).to.contain('instances[0]');
  });

  it('is shown by kubectl get with its endpoint', async () => {
    const table = await namespace.kubectl('get', 'modeldeployments');
    expect(table)
      .to.match(/NAME +READY +ENDPOINT/)
      .and.to.match(new RegExp(`iris +True +${endpoint}`));
  });

  it('follows kubectl scale', async () => {
    await namespace.kubectl('scale', 'modeldeployment', 'iris', '--replicas=2');
    await waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
    const ready = await namespace.kubectl('get', 'deployment', 'iris', '-o', 'jsonpath={.status.readyReplicas}');
    expect(ready).to.equal('2');
  });

  it('repairs a deleted Service', async () => {
    await namespace.kubectl('delete', 'service', 'iris');
    await waitUntilReady(installation().kubectl, {
      namespace: namespace.name,
      name: 'iris',
      isDone: async (model) =>
        isReady(model) && (await namespace.kubectl('get', 'services', '-o', 'name')).includes('iris'),
    });
  });

  it('leaves nothing when it is deleted', async () => {
    await namespace.kubectl('delete', 'modeldeployment', 'iris', '--cascade=foreground', '--timeout=60s');
    const left = await namespace.kubectl('get', 'deployments,services,replicasets,poddisruptionbudgets', '-o', 'name');
    expect(left).to.equal('');
  });
});
