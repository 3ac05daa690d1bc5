import { join } from 'node:path';
import { expect } from 'chai';
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { FIELD_MANAGER } from '../../../operator/api/labels.ts';
import { API_VERSION, KIND } from '../../../operator/api/model-deployment.ts';
import { findDrift } from '../../../operator/drift.ts';
import {
  makeDesiredResources,
  replicasToKeep,
  type Rollout,
  type TemplateConfig,
} from '../../../operator/resources/index.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { goldenCases } from '../../support/golden.ts';
import type { Partially } from '../../support/model-deployment.ts';

interface Input {
  readonly modelDeployment: Partially<ModelDeployment>;
  readonly rollout?: Partial<Rollout>;
}

const GOLDEN_FILES = join(import.meta.dirname, '..', '..', 'operator', 'resources');
/** Its input is what the schema refuses. */
const CASES = goldenCases(GOLDEN_FILES).filter(({ name }) => name !== 'what-is-owned-wins');
const CONFIG: TemplateConfig = { runtimeImage: 'modeldeployment-runtime:0.1.0', storageEmulatorHost: undefined };

/** The golden inputs, on a real API server. */
describe('desired children', function () {
  this.timeout(60_000);
  let controlPlane: ControlPlane;
  let namespace: string;

  before(async () => {
    controlPlane = await sharedControlPlane();
    namespace = await freshNamespace(controlPlane, 'as-stored');
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await controlPlane.kubectl(['label', 'namespace', namespace, label]);
  });
  after(() => controlPlane.kubectl(['delete', 'namespace', namespace, '--wait=false']));

  /** Applies an object and gives it back as it is stored. */
  async function apply(object: object, ...args: string[]): Promise<KubernetesObject> {
    const command = ['--namespace', namespace, 'apply', '-f', '-', '-o', 'json', ...args];
    return JSON.parse(await controlPlane.kubectl(command, { input: JSON.stringify(object) })) as KubernetesObject;
  }

  async function makeDesired(name: string, input: Input): Promise<KubernetesObject[]> {
    const { modelDeployment: written, rollout } = input;
    const object = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec: {}, ...written };
    const path = 'gs://models/iris/model.onnx';
    const spec = { ...object.spec, model: { path, ...written.spec?.model } };
    const stored = await apply({ ...object, metadata: { name, namespace }, spec });
    return makeDesiredResources(stored as ModelDeployment, { generation: undefined, ...rollout }, CONFIG);
  }

  for (const { name, input } of CASES) {
    it(`are stored as they are written: ${name}`, async () => {
      for (const desired of await makeDesired(name, input as Input)) {
        const stored = await apply(desired, '--server-side', '--field-manager', FIELD_MANAGER);
        expect([...findDrift(desired, stored)], desired.kind).to.deep.equal([]);
      }
    });

    it(`make pods that pass Pod Security "restricted": ${name}`, async () => {
      const children = await makeDesired(`${name}-pod`, input as Input);
      const deployment = children.find(({ kind }) => kind === 'Deployment') as V1Deployment;
      const { metadata, spec } = deployment.spec!.template;
      // Not every cluster has them.
      delete spec!.priorityClassName;
      delete spec!.serviceAccountName;
      await apply(
        { apiVersion: 'v1', kind: 'Pod', metadata: Object.assign(metadata!, { name }), spec },
        '--dry-run=server',
      );
    });
  }

  it('keep their number of pods when an autoscaler takes over', async () => {
    const wanted = await makeWanted('takes-over', { replicas: 4 });
    const first = await applyDeployment(wanted);
    const autoscaled = await makeWanted('takes-over', { replicas: 1, autoscaling: { minReplicas: 2, maxReplicas: 9 } });
    const second = await applyDeployment(autoscaled, first);
    expect(second.spec?.replicas).to.equal(4);
    await controlPlane.kubectl(['--namespace', namespace, 'scale', 'deployment/takes-over', '--replicas=3']);
    const get = ['--namespace', namespace, 'get', 'deployment/takes-over', '-o', 'json', '--show-managed-fields'];
    const scaled = JSON.parse(await controlPlane.kubectl(get)) as V1Deployment;
    const third = await applyDeployment(autoscaled, scaled);
    expect(third.spec?.replicas).to.equal(3);
  });

  function makeWanted(name: string, spec: Partially<ModelDeployment['spec']>): Promise<ModelDeployment> {
    const model = { path: 'gs://models/iris/model.onnx' };
    const object = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec: { model, ...spec } };
    return apply(object) as Promise<ModelDeployment>;
  }

  /** As the operator does, having seen `live`. */
  async function applyDeployment(wanted: ModelDeployment, live?: V1Deployment): Promise<V1Deployment> {
    const rollout = { generation: undefined, keepReplicas: replicasToKeep(wanted, live) };
    const deployment = makeDesiredResources(wanted, rollout, CONFIG).find(({ kind }) => kind === 'Deployment')!;
    const args = ['--server-side', '--force-conflicts', '--field-manager', FIELD_MANAGER, '--show-managed-fields'];
    return apply(deployment, ...args);
  }
});
