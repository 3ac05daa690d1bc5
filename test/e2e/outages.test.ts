import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { NamespacedNode } from '../../dev/cluster/namespaced-node.ts';
import { readSampleClassifier } from '../../dev/sample-models.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { ClientPod } from './client-pod.ts';
import { setFaultyStorageReplicas } from './faulty-storage.ts';
import { cluster, installation, TestNamespace, uploadSample } from './installation.ts';

/** How long each outage lasts. */
const OUTAGE_MS = 20_000;
const OPERATOR = ['--namespace=modeldeployment-system', '--selector=app.kubernetes.io/name=modeldeployment-operator'];

describe('everything converges by itself', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  const url = `http://iris.${namespace.name}.svc.cluster.local/predict`;
  const wait = () => waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
  const setLogLevel = (level: string) =>
    namespace.kubectl('patch', 'modeldeployment', 'iris', '--type=merge', '-p', `{"spec":{"logLevel":"${level}"}}`);
  const operatorRestarts = () =>
    installation().kubectl.run([
      'get',
      'pods',
      ...OPERATOR,
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
    ]);
  let body: object;
  let path: string;

  before(async () => {
    await namespace.create();
    const sample = await readSampleClassifier('iris-lr-strings');
    body = { instances: sample.rows };
    ({ path } = await uploadSample(sample.file, 'outages/iris.onnx'));
    await client.start();
  });
  after(() => namespace.delete());

  it('when the operator is killed in the middle of a reconcile', async () => {
    await namespace.applyModel('iris', { model: { path } });
    await installation().kubectl.run(['delete', 'pods', ...OPERATOR, '--grace-period=0', '--force']);
    await wait();
    expect((await client.post(url, body)).status).to.equal(200);
  });

  it('when storage is away for 20 s and a rollout starts meanwhile', async () => {
    const { kubectl } = installation();
    const load = await client.postWhile(url, body, async () => {
      await setFaultyStorageReplicas(kubectl, 0);
      try {
        await setLogLevel('warn');
        await delay(OUTAGE_MS);
      } finally {
        await setFaultyStorageReplicas(kubectl, 1);
      }
      await wait();
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
  });

  it('when the API server is frozen for 20 s', async function () {
    const node = cluster();
    if (!(node instanceof NamespacedNode)) {
      this.skip();
      return;
    }
    const restarts = await operatorRestarts();
    const load = await client.postWhile(url, body, async () => {
      await node.signalApiServer('SIGSTOP');
      try {
        await delay(OUTAGE_MS);
      } finally {
        await node.signalApiServer('SIGCONT');
      }
      await setLogLevel('error');
      await wait();
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    // Giving the lease up is right; doing so again and again is not.
    expect(Number(await operatorRestarts())).to.be.at.most(Number(restarts) + 1);
  });
});
