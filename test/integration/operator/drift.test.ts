import { expect } from 'chai';
import { conditionOf, type Kind, type LiveObject } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';

interface Damage {
  readonly name: string;
  readonly kind: Kind;
  /** JSON merge patch. */
  readonly patch: object;
  /** What the event must name. */
  readonly field: string;
}

const DAMAGES: readonly Damage[] = [
  { name: 'replicas of the Deployment', kind: 'deployment', patch: { spec: { replicas: 7 } }, field: 'spec.replicas' },
  {
    name: 'a label of a pod template',
    kind: 'deployment',
    patch: { spec: { template: { metadata: { labels: { 'app.kubernetes.io/managed-by': 'me' } } } } },
    field: 'spec.template.metadata.labels[app.kubernetes.io/managed-by]',
  },
  {
    name: 'the rollout strategy',
    kind: 'deployment',
    patch: { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } },
    field: 'spec.strategy.type',
  },
  {
    name: 'that pods get no API token',
    kind: 'deployment',
    patch: { spec: { template: { spec: { automountServiceAccountToken: true } } } },
    field: 'spec.template.spec.automountServiceAccountToken',
  },
  {
    name: 'the port of the Service',
    kind: 'service',
    patch: { spec: { ports: [{ name: 'http', port: 81, targetPort: 'http', protocol: 'TCP' }] } },
    field: 'spec.ports[80/TCP]',
  },
  { name: 'the type of the Service', kind: 'service', patch: { spec: { type: 'NodePort' } }, field: 'spec.type' },
  {
    name: 'the selector of the Service',
    kind: 'service',
    patch: { spec: { selector: { 'app.kubernetes.io/instance': 'other' } } },
    field: 'spec.selector[app.kubernetes.io/instance]',
  },
  {
    name: 'a label of the Service by which the operator finds it',
    kind: 'service',
    patch: { metadata: { labels: { 'app.kubernetes.io/managed-by': 'me' } } },
    field: 'metadata.labels[app.kubernetes.io/managed-by]',
  },
  {
    name: 'the budget',
    kind: 'disruptionBudget',
    patch: { spec: { maxUnavailable: 2 } },
    field: 'spec.maxUnavailable',
  },
];

describe('drift on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let path: string;

  before(async () => {
    bed = await startOperatorBed();
    await bed.bucket.upload('model.onnx', 'a model');
    path = bed.bucket.path('model.onnx');
    await ready('drift', { replicas: 2 });
  });
  after(() => bed.stop());

  async function ready(name: string, spec: object = {}): Promise<void> {
    await bed.objects.createModelDeployment(name, { model: { path }, ...spec });
    await soon(async () =>
      expect(conditionOf(await bed.objects.get('modelDeployment', name), 'Ready')).to.match(/^True Ready/),
    );
    await bed.untilSettled(name);
  }

  /** What the operator set in an object; what others and the API server added comes and goes. */
  function owned(object: LiveObject): object {
    const { spec, metadata } = object;
    const { 'deployment.kubernetes.io/revision': _revision, ...annotations } = metadata.annotations ?? {};
    return { spec, labels: metadata.labels, annotations, ownerReferences: metadata.ownerReferences };
  }

  for (const { name, kind, patch, field } of DAMAGES) {
    it(`restores ${name} and names it in one event`, async () => {
      const before = owned(await bed.objects.get(kind, 'drift'));
      const eventsBefore = (await bed.objects.events('drift')).length;
      await bed.objects.patch(kind, 'drift', patch, { manager: 'someone' });
      await soon(async () => expect(owned(await bed.objects.get(kind, 'drift'))).to.deep.equal(before));
      await bed.operator.untilQuiet();
      expect(owned(await bed.objects.get(kind, 'drift'))).to.deep.equal(before);
      const repairs = (await bed.objects.events('drift'))
        .slice(eventsBefore)
        .filter((event) => event.startsWith('DriftRepaired'));
      expect(repairs).to.have.lengthOf(1);
      expect(repairs[0]).to.match(/^DriftRepaired: Restored .* of \w+ drift, which someone had changed\.$/);
      expect(repairs[0]).to.include(field);
    });
  }

  for (const kind of ['deployment', 'service', 'disruptionBudget'] as const) {
    it(`makes the ${kind} again when somebody deletes it`, async () => {
      const { uid } = (await bed.objects.get(kind, 'drift')).metadata;
      await bed.objects.delete(kind, 'drift');
      await soon(async () => expect((await bed.objects.get(kind, 'drift')).metadata.uid).to.not.equal(uid));
      await bed.operator.untilQuiet();
      const story = await bed.objects.events('drift');
      expect(story.findLast((event) => event.startsWith('DriftRepaired'))).to.match(
        /again, which somebody had deleted/,
      );
    });
  }

  it('leaves the number of pods to the autoscaler, and keeps the autoscaler as it should be', async () => {
    await ready('autoscaled', { autoscaling: { minReplicas: 1, maxReplicas: 5 } });
    // As the autoscaler does it.
    const scale = { spec: { replicas: 3 } };
    await bed.objects.patch('deployment', 'autoscaled', scale, {
      subresource: 'scale',
      manager: 'kube-controller-manager',
    });
    await bed.untilSettled('autoscaled');
    const requests = await bed.requestsDuring(() => bed.touch('autoscaled'));
    expect(requests.filter((request) => !/status|events/.test(request))).to.deep.equal([]);
    await bed.objects.patch('modelDeployment', 'autoscaled', { spec: { logLevel: 'warn' } });
    await bed.untilSettled('autoscaled');
    expect((await bed.objects.get('deployment', 'autoscaled')).spec.replicas).to.equal(3);

    await bed.objects.patch('autoscaler', 'autoscaled', { spec: { maxReplicas: 50 } }, { manager: 'someone' });
    await soon(async () => expect((await bed.objects.get('autoscaler', 'autoscaled')).spec.maxReplicas).to.equal(5));
    // Told after it was done.
    await soon(async () => {
      const story = await bed.objects.events('autoscaled');
      expect(story.filter((event) => event.startsWith('DriftRepaired'))).to.deep.equal([
        'DriftRepaired: Restored spec.maxReplicas of HorizontalPodAutoscaler autoscaled, which someone had changed.',
      ]);
    });
  });

  it('leaves to others what is theirs: annotations, restarts, injected containers, further ports', async () => {
    await ready('shared');
    const pause = { name: 'sidecar', image: 'registry.example/sidecar:1' };
    await bed.objects.jsonPatch('deployment', 'shared', [
      { op: 'add', path: '/spec/template/spec/containers/-', value: pause },
      { op: 'add', path: '/metadata/annotations/example.com~1owner', value: 'team-a' },
      {
        op: 'add',
        path: '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt',
        value: '2026-01-01T00:00:00Z',
      },
    ]);
    await bed.objects.jsonPatch('service', 'shared', [
      { op: 'add', path: '/spec/ports/-', value: { name: 'extra', port: 9000, targetPort: 9000 } },
    ]);
    const requests = await bed.requestsDuring(() => bed.touch('shared'));
    expect(requests.filter((request) => !/status|events/.test(request))).to.deep.equal([]);
    // Neither does a repair of what is not theirs take it away.
    await bed.objects.patch('deployment', 'shared', { spec: { replicas: 4 } });
    await bed.objects.patch('modelDeployment', 'shared', { spec: { service: { port: 8080 } } });
    await soon(async () => {
      expect((await bed.objects.get('deployment', 'shared')).spec.replicas).to.equal(1);
      const { ports } = (await bed.objects.get('service', 'shared')).spec;
      expect(ports.map(({ port }: LiveObject) => port)).to.have.members([8080, 8081, 9000]);
    });
    const { metadata, spec } = await bed.objects.get('deployment', 'shared');
    expect(metadata.annotations).to.include({ 'example.com/owner': 'team-a' });
    expect(spec.template.metadata.annotations).to.have.property('kubectl.kubernetes.io/restartedAt');
    expect(spec.template.spec.containers.map(({ name }: LiveObject) => name)).to.have.members(['runtime', 'sidecar']);
  });

  describe('an object of that name which is somebody else’s', () => {
    const foreign = {
      service: { metadata: { name: 'foreign-service' }, spec: { ports: [{ port: 80 }], selector: { app: 'x' } } },
      deployment: {
        metadata: { name: 'foreign-deployment' },
        spec: {
          selector: { matchLabels: { app: 'x' } },
          template: {
            metadata: { labels: { app: 'x' } },
            spec: { containers: [{ name: 'c', image: 'registry.example/x:1' }] },
          },
        },
      },
    } as const;
    for (const kind of ['service', 'deployment'] as const) {
      it(`a ${kind} is never touched, and named until it is gone`, async () => {
        const { name } = foreign[kind].metadata;
        await bed.objects.create(kind, foreign[kind]);
        const { spec, metadata } = await bed.objects.get(kind, name);
        await bed.objects.createModelDeployment(name, { model: { path } });
        await soon(async () => {
          const object = await bed.objects.get('modelDeployment', name);
          expect(conditionOf(object, 'Ready')).to.match(
            new RegExp(`^False ChildNotOwned: ${kind} ${name} exists`, 'i'),
          );
          expect(conditionOf(object, 'Stalled')).to.match(/^True ChildNotOwned/);
        });
        const after = await bed.objects.get(kind, name);
        expect(after.spec).to.deep.equal(spec);
        expect(after.metadata.uid).to.equal(metadata.uid);
        expect(after.metadata.ownerReferences).to.equal(undefined);
        expect(after.metadata.labels).to.equal(undefined);
        await bed.objects.delete(kind, name);
        // Objects without the operator's labels are not watched; any change of the ModelDeployment looks again.
        await bed.objects.patch('modelDeployment', name, { metadata: { annotations: { again: '1' } } });
        await soon(async () =>
          expect(conditionOf(await bed.objects.get('modelDeployment', name), 'Ready')).to.match(/^True/),
        );
      });
    }
  });
});
