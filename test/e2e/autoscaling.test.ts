import { expect } from 'chai';
import type { V1Deployment } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../../operator/api/labels.ts';
import { readSampleClassifier } from '../../dev/sample-models.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { eventually } from '../support/eventually.ts';
import { ClientPod } from './client-pod.ts';
import { TestNamespace, installation, uploadSample } from './installation.ts';
import { startMetricsServer } from './metrics-server.ts';

/** Of the HorizontalPodAutoscaler: measuring takes half a minute, and it looks every few seconds. */
const SCALING = { timeoutMs: 150_000, intervalMs: 1_000 };

describe('a model with autoscaling', function () {
  this.timeout(300_000);
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  const url = `http://iris.${namespace.name}.svc.cluster.local/predict`;
  const wait = () => waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
  const deployment = async () =>
    JSON.parse(
      await namespace.kubectl('get', 'deployment', 'iris', '--show-managed-fields', '-o', 'json'),
    ) as V1Deployment;
  let body: object;

  before(async () => {
    await startMetricsServer();
    await namespace.create();
    const sample = await readSampleClassifier('iris-lr-strings');
    body = { instances: sample.rows };
    const { path } = await uploadSample(sample.file, 'autoscaling/iris.onnx');
    await namespace.applyModel('iris', {
      model: { path },
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
      autoscaling: {
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 60,
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    });
    await client.start();
    await wait();
  });
  after(() => namespace.delete());

  it('grows under load, keeps its size in a rollout, and loses no request', async () => {
    const load = await client.postWhile(url, body, async () => {
      await eventually(async () => expect((await deployment()).status?.readyReplicas).to.be.above(1), SCALING);
      const { spec } = await deployment();
      await namespace.patchModel('iris', { logLevel: 'warn' });
      await wait();
      expect((await deployment()).spec?.replicas).to.be.at.least(spec!.replicas!);
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
  });

  it('shrinks without load', async () => {
    await eventually(async () => expect((await deployment()).spec?.replicas).to.equal(1), SCALING);
    await wait();
  });

  it('leaves the number of replicas to the autoscaler', async () => {
    const managers = ((await deployment()).metadata?.managedFields ?? []) as readonly ManagedFields[];
    const owners = managers.filter(({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:replicas'] !== undefined);
    expect(managers.map(({ manager }) => manager)).to.include(FIELD_MANAGER);
    expect(owners.map(({ manager }) => manager)).not.to.include(FIELD_MANAGER);
  });
});

interface ManagedFields {
  readonly manager?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: object } };
}
