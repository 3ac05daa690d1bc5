import { ApiException, KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import type { KubernetesObject } from '@kubernetes/client-node';
import { expect } from 'chai';
import { durationToMs } from '../../../operator/api/duration.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { API_VERSION, KIND } from '../../../operator/api/model-deployment.ts';
import { quantityToInteger } from '../../../operator/api/quantity.ts';
import { parseModelPath } from '../../../storage/model-path.ts';
import { sharedControlPlane } from '../../support/control-plane.ts';
import { rejectionOf } from '../../support/thrown.ts';
import { MODELS } from './invalid/models.ts';
import { NAMES } from './invalid/names.ts';
import { PATHS } from './invalid/paths.ts';
import { PODS } from './invalid/pods.ts';
import { SIZES } from './invalid/sizes.ts';
import { VALID_SPECS } from './valid-specs.ts';

/** What the API server makes of objects; nothing is stored. */
describe('ModelDeployment schema', function () {
  this.timeout(60_000);
  let api: KubernetesObjectApi;

  before(async () => {
    const controlPlane = await sharedControlPlane();
    const config = new KubeConfig();
    config.loadFromFile(controlPlane.kubeconfig);
    api = KubernetesObjectApi.makeApiClient(config);
  });

  /** The object as it would be stored. */
  async function create(spec: unknown, metadata: object = {}): Promise<ModelDeployment> {
    const object = {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name: 'x', namespace: 'default', ...metadata },
      spec,
    };
    return (await api.create(object, undefined, 'All')) as ModelDeployment;
  }

  describe('refuses', () => {
    for (const { name, metadata, spec, says } of [...PATHS, ...MODELS, ...SIZES, ...PODS, ...NAMES]) {
      it(name, async () => {
        const error = await rejectionOf(ApiException<string>, create(spec, metadata));
        const { message } = JSON.parse(error.body) as { message: string };
        for (const words of says) expect(message).to.include(words);
      });
    }
  });

  describe('accepts, as the operator does,', () => {
    for (const { name, spec } of VALID_SPECS) {
      it(name, async () => {
        const accepted = await create(spec);
        parseModelPath(accepted.spec.model.path);
        durationToMs(accepted.spec.requestTimeout);
        quantityToInteger(accepted.spec.maxRequestBytes);
      });
    }

    it('a name of 52 characters', async () => {
      await create({ model: { path: 'gs://models/a.onnx' } }, { name: 'a'.repeat(52) });
    });
  });

  describe('fills in', () => {
    it('what three lines leave out', async () => {
      const { spec } = await create({ model: { path: 'gs://models/iris/model.onnx' } });
      expect(spec).to.deep.equal({
        model: { path: 'gs://models/iris/model.onnx', task: 'Auto', activation: 'None' },
        replicas: 1,
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
        batching: { maxQueuedRows: 1024 },
        maxRequestBytes: '16Mi',
        requestTimeout: '30s',
        logLevel: 'info',
        service: { type: 'ClusterIP', port: 80 },
        paused: false,
      });
    });

    it('members of objects that are there', async () => {
      const { spec } = await create({
        model: { path: 'gs://models/a.onnx' },
        batching: { maxRows: 8 },
        service: { port: 8000 },
        autoscaling: { maxReplicas: 4 },
        resources: { requests: { cpu: '1' } },
      });
      expect(spec.batching).to.deep.equal({ maxRows: 8, maxQueuedRows: 1024 });
      expect(spec.service).to.deep.equal({ type: 'ClusterIP', port: 8000 });
      expect(spec.autoscaling).to.deep.equal({ minReplicas: 1, maxReplicas: 4 });
      expect(spec.resources, 'replaced as a whole').to.deep.equal({ requests: { cpu: '1' } });
    });
  });

  it('keeps what it knows only in outline', async () => {
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } };
    const behavior = { scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] } };
    const { spec } = await create({
      model: { path: 'gs://models/a.onnx' },
      affinity,
      autoscaling: { maxReplicas: 4, behavior },
    });
    expect(spec.affinity).to.deep.equal(affinity);
    expect(spec.autoscaling?.behavior).to.deep.equal(behavior);
  });

  it('drops status that comes with an object', async () => {
    const object = { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'x', namespace: 'default' } };
    const spec = { model: { path: 'gs://models/a.onnx' } };
    const status = { endpoint: 'http://elsewhere' };
    const created = await api.create({ ...object, spec, status } as KubernetesObject, undefined, 'All');
    expect(created).not.to.have.property('status');
  });
});
