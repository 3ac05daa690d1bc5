import type { KubernetesObject, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Situation } from '../../../cli/cluster/situation.ts';
import { differences } from '../../../cli/diff/differences.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { makeDesiredResources } from '../../../operator/resources/index.ts';
import { modelDeployment, type Partially } from '../../support/model-deployment.ts';
import { NOW } from '../../support/observed.ts';

const CONFIG = { runtimeImage: 'runtime:1', storageEmulatorHost: undefined };
const GENERATION = '1718000000000000';

interface World {
  readonly situation: Situation;
  readonly live: Map<string, KubernetesObject>;
}

/** A world in which everything is as the spec wants it, to be disturbed by the test. */
function world(spec: Partially<ModelDeployment>['spec'] = {}, status: ModelDeployment['status'] = {}): World {
  const object = modelDeployment({ spec });
  const live = new Map(
    makeDesiredResources(object, { generation: GENERATION }, CONFIG).map((child) => [
      child.kind ?? '',
      structuredClone(child),
    ]),
  );
  const deployment = live.get('Deployment') as V1Deployment;
  const { metadata, spec: podSpec } = deployment.spec!.template;
  const pod: V1Pod = structuredClone({
    metadata: Object.assign({}, metadata, { name: 'iris-a' }),
    ...(podSpec ? { spec: podSpec } : {}),
  });
  const model = { path: object.spec.model.path, generation: GENERATION, servingGeneration: GENERATION };
  const full = { observedGeneration: 1, replicasSummary: '1/1', model, ...status };
  const situation = {
    modelDeployment: { ...object, status: full },
    deployment,
    pods: [pod],
    events: [],
    unreadable: [],
    now: NOW,
  };
  return { situation, live };
}

const diff = ({ situation, live }: World) => differences({ situation, live, config: CONFIG });

describe('diff', () => {
  it('is empty when all is as wanted, with every kind of child', () => {
    expect(diff(world())).to.deep.equal([]);
    expect(diff(world({ autoscaling: { minReplicas: 2, maxReplicas: 4 } }))).to.deep.equal([]);
    expect(diff(world({ replicas: 3, logLevel: 'debug' }, { replicasSummary: '3/3' }))).to.deep.equal([]);
  });

  it('names a field that somebody has changed', () => {
    const { situation, live } = world();
    (live.get('Service') as { spec: { ports: { port: number }[] } }).spec.ports[0]!.port = 81;
    expect(diff({ situation, live })).to.deep.equal([
      {
        field: 'Service spec.ports[80/TCP]',
        wanted: '{"name":"http","port":80,"targetPort":"http","protocol":"TCP"}'.slice(0, 59) + '…',
        actual: 'none',
      },
    ]);
  });

  it('names a child that is missing', () => {
    const { situation, live } = world();
    live.delete('Service');
    expect(diff({ situation, live })).to.deep.equal([{ field: 'Service iris', wanted: 'exists', actual: 'none' }]);
  });

  it('names what is rolling out: generations, replicas, the old pods', () => {
    const { situation, live } = world(
      {},
      {
        observedGeneration: 0,
        replicasSummary: '0/2',
        model: { path: 'gs://models/iris/model.onnx', generation: GENERATION, servingGeneration: '1' },
      },
    );
    const [pod] = situation.pods;
    pod!.metadata!.annotations = {
      'modeldeployment.dev/template-hash': 'old',
      'modeldeployment.dev/model-generation': '1',
    };
    const found = diff({ situation, live });
    expect(found.slice(0, 3)).to.deep.equal([
      { field: 'metadata.generation', wanted: '1', actual: '0 (handled by the operator)' },
      { field: 'model generation', wanted: GENERATION, actual: '1' },
      { field: 'ready replicas', wanted: '2', actual: '0' },
    ]);
    expect(found[3]).to.include({ field: 'pod iris-a', actual: 'template old, generation 1, runtime:1' });
    expect(found).to.have.length(4);
  });

  it('names the image of another operator', () => {
    const { situation, live } = world();
    const found = differences({ situation, live, config: { runtimeImage: 'runtime:2' } });
    expect(found).to.deep.equal([
      { field: 'Deployment spec.template.spec.containers[runtime].image', wanted: 'runtime:2', actual: 'runtime:1' },
    ]);
    expect(differences({ situation, live, config: undefined })).to.deep.equal([]);
  });

  it('says what cannot be done', () => {
    const { situation, live } = world();
    situation.modelDeployment.metadata.name = 'x'.repeat(64);
    const [found] = diff({ situation, live });
    expect(found).to.include({ field: 'spec', wanted: 'something that can be done' });
  });
});
