import { expect } from 'chai';
import { readSampleClassifier, type SampleClassifier } from '../../dev/sample-models.ts';
import { isReady, waitUntilReady } from '../../dev/wait-until-ready.ts';
import { ClientPod } from './client-pod.ts';
import { installation, TestNamespace, upload } from './installation.ts';
import { eventually } from '../support/eventually.ts';

/** With object versioning: pods that start while a newer generation is refused read the one before. */
const BUCKET = 'versioned';

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
    await installation().withEmulator((emulator) => emulator.createBucket(BUCKET, { versioning: true }));
    const generation = await upload(BUCKET, object, sample.file);
    await namespace.applyModel('iris', { model: { path: `gs://${BUCKET}/${object}` }, replicas: 2 });
    await client.start();
    await wait(generation);
  });
  after(() => namespace.delete());

  it('serves a new generation of the object without a failed request', async () => {
    let generation = '';
    const load = await client.postWhile(url, body, async () => {
      generation = await upload(BUCKET, object, 'iris-rf-tensor.onnx');
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
      await upload(BUCKET, object, 'bad/truncated.onnx');
      await untilRejected();
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    expect(load.generations).to.deep.equal([before.generation]);
  });

  it('starts lost and further pods from what was served before the refusal', async () => {
    const before = await client.post(url, body);
    const load = await client.postWhile(url, body, async () => {
      await loseOnePod();
      await namespace.kubectl('scale', 'modeldeployment', 'iris', '--replicas=3');
      await untilRejected(3);
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    expect(load.generations).to.deep.equal([before.generation]);
  });

  it('recovers when a good model is uploaded again', async () => {
    const generation = await upload(BUCKET, object, sample.file);
    expect(isReady(await wait(generation), generation)).to.equal(true);
    // kube-proxy may still send a request to an old pod, which serves until it is withdrawn.
    await eventually(async () => {
      expect(await client.post(url, body)).to.include({ status: 200, generation });
    });
  });

  it('goes back from a spec that its pods refuse, and starts lost pods from the one before', async () => {
    const load = await client.postWhile(url, body, async () => {
      await namespace.patchModel('iris', { model: { labels: ['only', 'two'] } });
      await untilRejected(3);
      await loseOnePod();
      await untilRejected(3);
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    await namespace.patchModel('iris', { model: { labels: null } });
    await wait();
  });

  /** @param replicas all of them ready */
  async function untilRejected(replicas = 2): Promise<void> {
    await waitUntilReady(installation().kubectl, {
      namespace: namespace.name,
      name: 'iris',
      isDone: async ({ status }) => {
        const isRejected = status?.conditions?.some(({ reason }) => reason === 'ModelRejected') ?? false;
        const ready = '{.status.readyReplicas}/{.status.replicas}';
        const shown = await namespace.kubectl('get', 'deployment', 'iris', '-o', `jsonpath=${ready}`);
        return isRejected && shown === `${replicas}/${replicas}`;
      },
    });
  }

  /** Gone is gone: the pod's end is waited for, so that what counts as ready afterwards is what replaced it. */
  async function loseOnePod(): Promise<void> {
    const pods = ['-l', 'app.kubernetes.io/instance=iris', '--field-selector=status.phase=Running'];
    const name = await namespace.kubectl('get', 'pods', ...pods, '-o', 'jsonpath={.items[0].metadata.name}');
    await namespace.kubectl('delete', 'pod', name, '--timeout=60s');
  }
});
