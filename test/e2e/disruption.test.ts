import { expect } from 'chai';
import { CommandError } from '../../dev/command.ts';
import { readSampleClassifier } from '../../dev/sample-models.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { eventually } from '../support/eventually.ts';
import { rejectionOf } from '../support/thrown.ts';
import { ClientPod } from './client-pod.ts';
import { SMALL_RESOURCES } from './fault-matrix.ts';
import { installation, TestNamespace, uploadSample } from './installation.ts';

/** Old pods may take their time to end: the drain timeout and a little more. */
const GRACE = { timeoutMs: 40_000, intervalMs: 1_000 };
const PODS = ['pods', '-l', 'app.kubernetes.io/instance=iris'];

describe('under load, no request is lost', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  const url = `http://iris.${namespace.name}.svc.cluster.local/predict`;
  const wait = () => waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
  const podNames = () => namespace.kubectl('get', ...PODS, '-o', 'jsonpath={.items[*].metadata.name}');
  let body: object;

  before(async () => {
    await namespace.create();
    const sample = await readSampleClassifier('iris-lr-strings');
    body = { instances: sample.rows };
    const { path } = await uploadSample(sample.file, 'disruption/iris.onnx');
    await namespace.applyModel('iris', { model: { path }, replicas: 2, resources: SMALL_RESOURCES });
    await client.start();
    await wait();
  });
  after(() => namespace.delete());

  async function underLoad(work: () => Promise<void>): Promise<void> {
    const load = await client.postWhile(url, body, work);
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
  }

  it('by kubectl rollout restart, which the operator does not take back', async () => {
    const before = (await podNames()).split(' ');
    await underLoad(async () => {
      await namespace.kubectl('rollout', 'restart', 'deployment/iris');
      await namespace.kubectl('rollout', 'status', 'deployment/iris', '--timeout=90s');
      await wait();
    });
    await eventually(async () => expect((await podNames()).split(' ')).not.to.include.oneOf(before), GRACE);
    const restartedAt = '{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}';
    expect(await namespace.kubectl('get', 'deployment', 'iris', '-o', `jsonpath=${restartedAt}`)).not.to.equal('');
  });

  it('by more and fewer replicas', async () => {
    await underLoad(async () => {
      for (const replicas of ['4', '1', '2']) {
        await namespace.kubectl('scale', 'modeldeployment', 'iris', `--replicas=${replicas}`);
        await wait();
        const ready = await namespace.kubectl(
          'get',
          'modeldeployment',
          'iris',
          '-o',
          'jsonpath={.status.readyReplicas}',
        );
        expect(ready).to.equal(replicas);
      }
    });
  });

  it('by a drain, which gets one pod and has to leave the last', async () => {
    const node = await namespace.kubectl('get', ...PODS, '-o', 'jsonpath={.items[0].spec.nodeName}');
    const drain = ['drain', node, `--pod-selector=${PODS[2]}`, '--delete-emptydir-data', '--timeout=15s'];
    await underLoad(async () => {
      try {
        // Nothing may start on the node meanwhile, so the second pod would be the last.
        const { message } = await rejectionOf(CommandError, installation().kubectl.run(drain));
        expect(message).to.contain("violate the pod's disruption budget");
        const ready = '{.status.readyReplicas}';
        expect(await namespace.kubectl('get', 'deployment', 'iris', '-o', `jsonpath=${ready}`)).to.equal('1');
      } finally {
        await installation().kubectl.run(['uncordon', node]);
      }
      await wait();
    });
  });
});
