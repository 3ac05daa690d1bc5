import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CHART, helm, packageChart, RELEASE } from '../../../dev/chart.ts';
import { startControlPlane, type ControlPlane } from '../../../dev/control-plane.ts';
import { freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { ClusterObjects, conditionOf } from '../../support/cluster-objects.ts';
import { refusedRequests, startInstalledOperator } from '../../support/installed-operator.ts';
import { soon } from '../../support/operator-bed.ts';
import type { OperatorProcess } from '../../support/operator-process.ts';
import { StandInKubelet } from '../../support/stand-in-kubelet.ts';

/** What the installation's own objects carry. */
const OPERATOR = 'app.kubernetes.io/name=modeldeployment-operator';
/** What the children of models carry. */
const MODELS = 'app.kubernetes.io/managed-by=modeldeployment-operator';
const CRD = 'crd/modeldeployments.modeldeployment.dev';

/** One life of a release: each test goes on from where the one before it ended. */
describe('the Helm chart on a real API server', function () {
  this.timeout(240_000);
  let controlPlane: ControlPlane;
  let operator: OperatorProcess | undefined;
  let folder: string;
  let path: string;
  const kubelets: StandInKubelet[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modeldeployment-chart-'));
    controlPlane = await startControlPlane();
    for (const namespace of ['models', 'others']) {
      await controlPlane.createNamespace(namespace);
      kubelets.push(new StandInKubelet(inNamespace(namespace)));
    }
    const bucket = await freshBucket(await sharedStorageEmulator());
    await bucket.upload('iris/model.onnx', 'a model');
    path = bucket.path('iris/model.onnx');
  });
  after(async () => {
    for (const kubelet of kubelets) await kubelet.stop();
    await operator?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const inNamespace = (namespace: string) => new ClusterObjects(controlPlane.kubeconfig, namespace);
  const deploy = (chart: string, watchNamespaces: readonly string[]) =>
    helm(['upgrade', '--install', '--create-namespace', ...RELEASE.slice(0, 1), chart, ...RELEASE.slice(1)], {
      kubeconfig: controlPlane.kubeconfig,
      values: { watchNamespaces },
    });
  const restartOperator = async (watched: string) => {
    await operator?.stop();
    operator = await startInstalledOperator(controlPlane, { WATCH_NAMESPACES: watched });
  };
  const becomesReady = (namespace: string, name: string) =>
    soon(async () =>
      expect(conditionOf(await inNamespace(namespace).get('modelDeployment', name), 'Ready')).to.match(/^True Ready/),
    );

  /** The garbage collector looks for new kinds every 30 s; of what is deleted earlier it learns by chance, or minutes later. */
  const garbageCollectorKnowsModels = () =>
    soon(async () => {
      const objects = inNamespace('default');
      const name = `canary-${randomUUID().slice(0, 8)}`;
      const { metadata } = await objects.createModelDeployment(name, { model: { path } });
      const owner = { apiVersion: 'modeldeployment.dev/v1alpha1', kind: 'ModelDeployment', name, uid: metadata.uid };
      const child = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences: [owner] } };
      await controlPlane.kubectl(['create', '-f', '-'], { input: JSON.stringify(child) });
      await objects.delete('modelDeployment', name);
      await controlPlane.kubectl(['wait', '--for=delete', '--timeout=3s', `configmap/${name}`]);
    });

  it('installs into one namespace with rights there only, and the operator is refused nothing', async () => {
    await deploy(CHART, ['models']);
    await controlPlane.kubectl(['wait', '--for=condition=Established', CRD]);
    await restartOperator('models');
    await inNamespace('others').createModelDeployment('iris', { model: { path } });
    await inNamespace('models').createModelDeployment('iris', {
      model: { path },
      autoscaling: { minReplicas: 2, maxReplicas: 3 },
    });
    await becomesReady('models', 'iris');
    const { status } = await inNamespace('others').get('modelDeployment', 'iris');
    expect(status).to.equal(undefined);
    expect(await refusedRequests(controlPlane)).to.deep.equal([]);
    const clusterRoles = await controlPlane.kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name']);
    expect(clusterRoles).to.not.include('modeldeployment-operator');
  });

  it('gives rights in a further namespace by an upgrade', async () => {
    await deploy(CHART, ['models', 'others']);
    await restartOperator('models,others');
    await becomesReady('others', 'iris');
    expect(await refusedRequests(controlPlane)).to.deep.equal([]);
  });

  it('upgrades the CRD with the chart, from a package without links', async () => {
    await cp(CHART, join(folder, 'next'), { recursive: true, dereference: true });
    const crd = join(folder, 'next', 'files', 'crd.yaml');
    const text = await readFile(crd, 'utf8');
    await writeFile(crd, text.replace('shortNames: [mdep]', 'shortNames: [mdep, next]'));
    await deploy(await packageChart(join(folder, 'next'), '9.9.9', folder), ['models', 'others']);
    const names = await controlPlane.kubectl(['get', CRD, '-o', 'jsonpath={.spec.names.shortNames}']);
    expect(JSON.parse(names)).to.deep.equal(['mdep', 'next']);
    const { spec } = await new ClusterObjects(controlPlane.kubeconfig, 'modeldeployment-system').get(
      'deployment',
      'modeldeployment-operator',
    );
    expect(spec.template.spec.containers[0].image).to.equal('modeldeployment-operator:9.9.9');
  });

  it('leaves CRD, models and what serves them when it is uninstalled, and takes over again', async () => {
    const [name, ...namespace] = RELEASE;
    const before = await inNamespace('models').get('deployment', 'iris');
    await operator?.stop();
    await helm(['uninstall', name, ...namespace], { kubeconfig: controlPlane.kubeconfig });
    await soon(async () => {
      const kinds = 'deployments,pods,serviceaccounts,roles,rolebindings,networkpolicies';
      const left = await controlPlane.kubectl(['get', kinds, '--all-namespaces', '-l', OPERATOR, '-o', 'name']);
      expect(left).to.equal('');
    });
    await controlPlane.kubectl(['get', CRD]);

    await deploy(CHART, ['models', 'others']);
    await restartOperator('models,others');
    await inNamespace('models').patch('modelDeployment', 'iris', { spec: { service: { port: 8080 } } });
    await soon(async () =>
      expect((await inNamespace('models').get('service', 'iris')).spec.ports[0].port).to.equal(8080),
    );
    const { metadata, spec } = await inNamespace('models').get('deployment', 'iris');
    expect(metadata.uid).to.equal(before.metadata.uid);
    expect(spec.template).to.deep.equal(before.spec.template);
  });

  it('takes every model, and what it made, with the CRD', async () => {
    await operator?.stop();
    await garbageCollectorKnowsModels();
    const [name, ...namespace] = RELEASE;
    await helm(['uninstall', name, ...namespace], { kubeconfig: controlPlane.kubeconfig });
    await controlPlane.kubectl(['delete', CRD]);
    await soon(async () => {
      const kinds = 'deployments,pods,services,horizontalpodautoscalers,poddisruptionbudgets';
      const left = await controlPlane.kubectl(['get', kinds, '--all-namespaces', '-l', MODELS, '-o', 'name']);
      expect(left).to.equal('');
    });
  });
});
