import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { CHART, helm, RELEASE } from '../../../dev/chart.ts';
import { startControlPlane, type ApiRequest, type ControlPlane } from '../../../dev/control-plane.ts';
import { renderInstallYaml } from '../../../dev/install-yaml.ts';
import { freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { ClusterObjects, conditionOf, type Kind } from '../../support/cluster-objects.ts';
import {
  OPERATOR_NAMESPACE,
  OPERATOR_USER,
  refusedRequests,
  startInstalledOperator,
} from '../../support/installed-operator.ts';
import { soon } from '../../support/operator-bed.ts';
import type { OperatorProcess } from '../../support/operator-process.ts';
import { StandInKubelet } from '../../support/stand-in-kubelet.ts';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

const NAMESPACE = 'models';
/** Never asked for by a request: admission checks it when an owner reference blocks the owner's deletion. */
const CHECKED_BY_ADMISSION = 'update modeldeployment.dev/modeldeployments/finalizers';

/** Somebody else's object of each kind of child. */
const FOREIGN: Readonly<Partial<Record<Kind, object>>> = {
  service: { ports: [{ port: 80 }] },
  deployment: {
    replicas: 0,
    selector: { matchLabels: { app: 'other' } },
    template: { metadata: { labels: { app: 'other' } }, spec: { containers: [{ name: 'other', image: 'other' }] } },
  },
  disruptionBudget: { maxUnavailable: 1 },
  autoscaler: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' } },
};

describe('the rights that come with the installation', function () {
  this.timeout(240_000);
  let controlPlane: ControlPlane;
  let operator: OperatorProcess | undefined;
  let kubelet: StandInKubelet | undefined;
  let objects: ClusterObjects;
  let path: string;
  let installYaml: string;

  before(async () => {
    controlPlane = await startControlPlane();
    installYaml = await renderInstallYaml({ operatorImage: 'operator:1', runtimeImage: 'runtime:1' });
    await controlPlane.kubectl(['apply', '-f', '-'], { input: installYaml });
    await controlPlane.kubectl(['wait', '--for=condition=Established', 'crd/modeldeployments.modeldeployment.dev']);
    await controlPlane.createNamespace(NAMESPACE);
    await controlPlane.kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted']);
    const bucket = await freshBucket(await sharedStorageEmulator());
    await bucket.upload('iris/model.onnx', 'a model');
    path = bucket.path('iris/model.onnx');
    objects = new ClusterObjects(controlPlane.kubeconfig, NAMESPACE);
    kubelet = new StandInKubelet(objects);
    operator = await startInstalledOperator(controlPlane);
  });
  after(async () => {
    await kubelet?.stop();
    await operator?.stop();
    await controlPlane?.stop();
  });

  const reaches = (name: string, ready: RegExp) =>
    soon(async () => expect(conditionOf(await objects.get('modelDeployment', name), 'Ready')).to.match(ready));
  const mayI = async (user: string, ...args: string[]): Promise<boolean> => {
    const answer = await controlPlane.kubectl(['auth', 'can-i', ...args, `--as=${user}`]).catch(String);
    return answer.startsWith('yes');
  };

  it('are all used by a life of a ModelDeployment, and are all that it takes', async () => {
    await objects.createModelDeployment('life', { model: { path }, autoscaling: { minReplicas: 2, maxReplicas: 3 } });
    await reaches('life', /^True Ready/);
    await objects.patch('modelDeployment', 'life', { spec: { autoscaling: null, replicas: 1 } });
    await soon(async () => {
      expect(await objects.find('autoscaler', 'life')).to.equal(undefined);
      expect(await objects.find('disruptionBudget', 'life')).to.equal(undefined);
    });
    for (const [kind, spec] of Object.entries(FOREIGN)) {
      const name = `other-${kind.toLowerCase()}`;
      await objects.create(kind as Kind, { metadata: { name }, spec });
      await objects.createModelDeployment(name, { model: { path }, autoscaling: { minReplicas: 2, maxReplicas: 3 } });
      await reaches(name, / ChildNotOwned: /);
    }
    // The lease is renewed every other second.
    await soon(async () => {
      const taken = (await controlPlane.requests({ user: OPERATOR_USER })).flatMap(rightsTaken);
      expect(new Set([...taken, ...listsOf(taken), CHECKED_BY_ADMISSION])).to.deep.equal(rightsGranted(installYaml));
    });
    expect(await refusedRequests(controlPlane)).to.deep.equal([]);
  });

  it('let children block the deletion of their owner, where admission asks for that right', async () => {
    const { uid } = (await objects.get('modelDeployment', 'life')).metadata;
    const owner = { apiVersion: 'modeldeployment.dev/v1alpha1', kind: 'ModelDeployment', name: 'life', uid };
    const service = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'owned', ownerReferences: [{ ...owner, blockOwnerDeletion: true }] },
      spec: { ports: [{ port: 80 }] },
    });
    const create = (user: string) =>
      controlPlane.kubectl(['create', '--dry-run=server', '-n', NAMESPACE, `--as=${user}`, '-f', '-'], {
        input: service,
      });
    await create(OPERATOR_USER);
    const bind = ['create', 'rolebinding', 'editor', '--clusterrole=edit', '--user=editor', '-n', NAMESPACE];
    await controlPlane.kubectl(bind);
    const refused = await soon(async () => {
      const text = await create('editor').then(() => 'created', String);
      expect(text).to.include('blockOwnerDeletion');
      return text;
    });
    expect(refused).to.include('forbidden');
  });

  it('admit both kinds of pods where Pod Security `restricted` is enforced, and give models no token', async () => {
    const operatorPods = await soon(async () => {
      const pods = await new ClusterObjects(controlPlane.kubeconfig, OPERATOR_NAMESPACE).list('pod');
      expect(pods).to.have.lengthOf(1);
      return pods;
    });
    expect(operatorPods[0].spec.serviceAccountName).to.equal('modeldeployment-operator');
    const modelPods = await objects.list('pod', 'app.kubernetes.io/instance=life');
    expect(modelPods).to.not.deep.equal([]);
    for (const { spec } of modelPods) {
      expect(spec.automountServiceAccountToken).to.equal(false);
      expect(JSON.stringify(spec)).to.not.match(/serviceAccountToken"|\/var\/run\/secrets/);
    }
    const anyPod = { containers: [{ name: 'any', image: 'any' }] };
    for (const namespace of [NAMESPACE, OPERATOR_NAMESPACE]) {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any', namespace }, spec: anyPod };
      const answer = await controlPlane
        .kubectl(['create', '-f', '-'], { input: JSON.stringify(pod) })
        .then(() => 'admitted', String);
      expect(answer).to.include('violates PodSecurity "restricted');
    }
  });

  for (const [name, args] of [
    ['read a Secret', ['get', 'secrets', '--all-namespaces']],
    ['list Secrets', ['list', 'secrets', '--all-namespaces']],
    ['read a Secret of its own namespace', ['get', 'secrets', '-n', OPERATOR_NAMESPACE]],
    ['read a ConfigMap', ['get', 'configmaps', '--all-namespaces']],
    ['make a pod', ['create', 'pods', '--all-namespaces']],
    ['run a command in a pod', ['create', 'pods', '--subresource=exec', '--all-namespaces']],
    ['get a token of a service account', ['create', 'serviceaccounts', '--subresource=token', '--all-namespaces']],
    ['use another identity', ['impersonate', 'serviceaccounts', '--all-namespaces']],
    ['change a ModelDeployment', ['update', 'modeldeployments', '--all-namespaces']],
    ['delete a Deployment', ['delete', 'deployments.apps', '--all-namespaces']],
    ['give rights', ['create', 'rolebindings', '--all-namespaces']],
  ] as const) {
    it(`do not let the operator ${name}`, async () => {
      expect(await mayI(OPERATOR_USER, ...args)).to.equal(false);
    });
  }

  for (const [role, yes, no] of [
    ['view', ['get', 'list', 'watch'], ['create', 'update', 'patch', 'delete']],
    ['edit', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'], []],
    ['admin', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'], []],
  ] as const) {
    it(`come with the cluster's own role ${role}`, async () => {
      const user = `${role}-of-models`;
      const bind = ['create', 'rolebinding', user, `--clusterrole=${role}`, `--user=${user}`, '-n', NAMESPACE];
      await controlPlane.kubectl(bind);
      // A controller copies the rules over.
      await soon(async () => expect(await mayI(user, 'get', 'modeldeployments', '-n', NAMESPACE)).to.equal(true));
      const may = (verb: string, ...args: string[]) => mayI(user, verb, 'modeldeployments', '-n', NAMESPACE, ...args);
      for (const verb of yes) expect(await may(verb), verb).to.equal(true);
      for (const verb of no) expect(await may(verb), verb).to.equal(false);
      expect(await may('patch', '--subresource=scale')).to.equal(no.length === 0);
      // Only the operator says what is true.
      expect(await may('patch', '--subresource=status')).to.equal(false);
      expect(await mayI(user, 'get', 'modeldeployments', '-n', 'default')).to.equal(false);
    });
  }

  it('are taken over by the Helm chart from the plain YAML, and stay the same', async () => {
    const { kubeconfig } = controlPlane;
    const [name, ...namespace] = RELEASE;
    await helm(['install', '--take-ownership', '--force-conflicts', name, CHART, ...namespace], { kubeconfig });
    const role = JSON.parse(
      await controlPlane.kubectl(['get', 'clusterrole', 'modeldeployment-operator', '-o', 'json']),
    ) as Role;
    const rendered = parseAllDocuments(installYaml).map((document) => document.toJS() as Role);
    expect(role.rules).to.deep.equal(
      rendered.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === role.metadata.name)?.rules,
    );
    await objects.patch('modelDeployment', 'life', { spec: { service: { port: 8000 } } });
    await soon(async () => expect((await objects.get('service', 'life')).spec.ports[0].port).to.equal(8000));
  });
});

/** `verb group/resource` for each right a request is checked for. An apply that made an object was checked for both. */
function rightsTaken({ verb, uri, resource, status }: ApiRequest): string[] {
  if (resource === undefined) return [];
  const group = /^\/apis\/([^/]+)\//.exec(uri)?.[1] ?? '';
  const verbs = verb === 'patch' && status === 201 ? ['patch', 'create'] : [verb];
  return verbs.map((one) => `${one} ${group}/${resource}`);
}

/** An API server without streaming lists (Kubernetes 1.31 and older) is asked for a list first. */
function listsOf(rights: readonly string[]): string[] {
  return rights.filter((right) => right.startsWith('watch ')).map((right) => right.replace('watch', 'list'));
}

/** All that the operator's roles grant, in the same words. */
function rightsGranted(yaml: string): Set<string> {
  const rules = parseAllDocuments(yaml)
    .map((document) => document.toJS() as Role)
    .filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name.startsWith('modeldeployment-operator'))
    .flatMap(({ rules = [] }) => rules);
  const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
  return new Set(granted);
}
