import { expect } from 'chai';
import { conditionOf } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';

describe('operator on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let path: string;
  let generation: string;

  before(async () => {
    bed = await startOperatorBed();
    generation = await bed.bucket.upload('iris/model.onnx', 'a model');
    path = bed.bucket.path('iris/model.onnx');
  });
  after(() => bed.stop());

  /** Makes a ModelDeployment and waits until it is Ready. */
  async function ready(name: string, spec: object = {}): Promise<void> {
    await bed.objects.createModelDeployment(name, { model: { path }, ...spec });
    await untilReady(name);
  }

  async function untilReady(name: string): Promise<void> {
    await soon(async () =>
      expect(conditionOf(await bed.objects.get('modelDeployment', name), 'Ready')).to.match(/^True Ready/),
    );
    await bed.untilSettled(name);
  }

  it('makes the children, tells the truth on the way, and writes the endpoint once a pod answers', async () => {
    bed.kubelet.fateOf = () => 'pending';
    const { metadata } = await bed.objects.createModelDeployment('first', { model: { path } });
    const status = await soon(async () => {
      const { status } = await bed.objects.get('modelDeployment', 'first');
      expect(status?.observedGeneration).to.equal(1);
      return status;
    });
    expect(status).to.not.have.property('endpoint');
    expect(status.model).to.include({ path, generation, sizeBytes: 7 });

    const deployment = await bed.objects.get('deployment', 'first');
    const service = await bed.objects.get('service', 'first');
    for (const child of [deployment, service]) {
      expect(child.metadata.ownerReferences).to.deep.equal([
        {
          apiVersion: 'modeldeployment.dev/v1alpha1',
          kind: 'ModelDeployment',
          name: 'first',
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
    const { annotations } = deployment.spec.template.metadata;
    expect(annotations['modeldeployment.dev/model-generation']).to.equal(generation);

    bed.kubelet.fateOf = () => 'ready';
    await untilReady('first');
    const live = await bed.objects.get('modelDeployment', 'first');
    expect(live.status).to.deep.include({
      endpoint: `http://first.${bed.namespace}.svc.cluster.local`,
      replicas: 1,
      readyReplicas: 1,
    });
    expect(live.status.model.servingGeneration).to.equal(generation);
    await bed.controlPlane.kubectl([
      'wait',
      '--for=condition=Ready',
      `--namespace=${bed.namespace}`,
      'modeldeployment/first',
      '--timeout=1s',
    ]);
  });

  it('makes no request in a pass over an object that is as it should be', async () => {
    await ready('converged', { replicas: 2 });
    const requests = await bed.requestsDuring(() => bed.touch('converged'));
    expect(requests).to.deep.equal([]);
  });

  it('makes each child with one request, and nothing else but status and events', async () => {
    const requests = await bed.requestsDuring(() => ready('frugal'));
    const counts = Object.groupBy(requests, (request) => request);
    expect(counts['patch deployments']).to.have.lengthOf(1);
    expect(counts['patch services']).to.have.lengthOf(1);
    expect(Object.keys(counts).sort()).to.deep.equal([
      'create events',
      'patch deployments',
      'patch modeldeployments/status',
      'patch services',
    ]);
  });

  it('brings a change of the spec into the children', async () => {
    await ready('edited');
    await bed.objects.patch('modelDeployment', 'edited', { spec: { service: { port: 8000 }, logLevel: 'debug' } });
    await soon(async () => {
      expect((await bed.objects.get('service', 'edited')).spec.ports[0].port).to.equal(8000);
      const { env } = (await bed.objects.get('deployment', 'edited')).spec.template.spec.containers[0];
      expect(env).to.deep.include({ name: 'LOG_LEVEL', value: 'debug' });
    });
    await bed.objects.patch('modelDeployment', 'edited', { spec: { logLevel: 'info' } });
    await soon(async () => {
      const { env } = (await bed.objects.get('deployment', 'edited')).spec.template.spec.containers[0];
      expect(env.map(({ name }: { name: string }) => name)).to.not.include('LOG_LEVEL');
    });
    await untilReady('edited');
    const { status, metadata } = await bed.objects.get('modelDeployment', 'edited');
    expect(status.observedGeneration).to.equal(metadata.generation);
    expect(status.endpoint).to.equal(`http://edited.${bed.namespace}.svc.cluster.local:8000`);
  });

  it('makes a budget and an autoscaler when asked for, and deletes them when not any more', async () => {
    await ready('scaled', { replicas: 2 });
    await bed.objects.get('disruptionBudget', 'scaled');
    await bed.objects.patch('modelDeployment', 'scaled', {
      spec: { replicas: 1, autoscaling: { minReplicas: 3, maxReplicas: 5 } },
    });
    await soon(async () => {
      expect((await bed.objects.get('autoscaler', 'scaled')).spec).to.include({ minReplicas: 3, maxReplicas: 5 });
    });
    await bed.objects.patch('modelDeployment', 'scaled', { spec: { autoscaling: null, replicas: 1 } });
    await soon(async () => {
      expect(await bed.objects.find('autoscaler', 'scaled')).to.equal(undefined);
      expect(await bed.objects.find('disruptionBudget', 'scaled')).to.equal(undefined);
      expect((await bed.objects.get('deployment', 'scaled')).spec.replicas).to.equal(1);
    });
  });

  it('scales by its scale subresource', async () => {
    await ready('scalable');
    await bed.controlPlane.kubectl([
      'scale',
      `--namespace=${bed.namespace}`,
      'modeldeployment/scalable',
      '--replicas=3',
    ]);
    await soon(async () => {
      const { status } = await bed.objects.get('modelDeployment', 'scalable');
      expect(status).to.include({ readyReplicas: 3, replicasSummary: '3/3' });
    });
  });

  it('leaves children as they are while paused, says so, and repairs them afterwards', async () => {
    await ready('paused');
    await bed.objects.patch('modelDeployment', 'paused', { spec: { paused: true } });
    await soon(async () =>
      expect(conditionOf(await bed.objects.get('modelDeployment', 'paused'), 'Ready')).to.match(/ Paused: /),
    );
    await bed.objects.patch('service', 'paused', { spec: { ports: [{ name: 'http', port: 81, targetPort: 'http' }] } });
    await bed.touch('paused');
    expect((await bed.objects.get('service', 'paused')).spec.ports[0].port).to.equal(81);
    await bed.objects.patch('modelDeployment', 'paused', { spec: { paused: false } });
    await soon(async () => expect((await bed.objects.get('service', 'paused')).spec.ports[0].port).to.equal(80));
  });

  it('leaves nothing behind when it is deleted, and starts anew under the same name', async () => {
    await ready('deleted', { replicas: 2 });
    const { uid } = (await bed.objects.get('deployment', 'deleted')).metadata;
    await bed.objects.delete('modelDeployment', 'deleted');
    await bed.objects.createModelDeployment('deleted', { model: { path } });
    await soon(async () => {
      expect((await bed.objects.get('deployment', 'deleted')).metadata.uid).to.not.equal(uid);
    });
    await untilReady('deleted');
    const story = await bed.objects.events('deleted');
    expect(story.filter((event) => /ChildNotOwned|DriftRepaired/.test(event))).to.deep.equal([]);
    await bed.objects.delete('modelDeployment', 'deleted');
    await soon(async () => {
      for (const kind of ['deployment', 'service', 'disruptionBudget'] as const) {
        expect(await bed.objects.find(kind, 'deleted')).to.equal(undefined);
      }
    });
  });

  it('tells the story in events, one for each change', async () => {
    await ready('story');
    const story = await bed.objects.events('story');
    expect(story.map((event) => event.split(':')[0])).to.deep.equal(['Ready']);
  });
});
