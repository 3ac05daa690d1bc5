import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { OPERATOR_NAMESPACE } from '../../dev/installation.ts';
import { renderKustomization } from '../../dev/install-yaml.ts';
import { readSampleClassifier } from '../../dev/sample-models.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { eventually } from '../support/eventually.ts';
import { ClientPod } from './client-pod.ts';
import { SMALL_RESOURCES } from './fault-matrix.ts';
import { cluster, installation, TestNamespace, uploadSample } from './installation.ts';

/** `install-VERSION.yaml`: config/default of each release, as kustomize rendered it. */
const RELEASES = join(import.meta.dirname, 'testdata');
const OPERATOR = ['--namespace', OPERATOR_NAMESPACE, 'deployment/modeldeployment-operator'];
/** Everything that is ours carries one of these names. */
const OURS = 'app.kubernetes.io/name in (modeldeployment, modeldeployment-operator)';
const CHILDREN = 'deployments,replicasets,pods,services,endpointslices,horizontalpodautoscalers,poddisruptionbudgets';
const INSTALLED =
  'customresourcedefinitions,namespaces,clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts';

describe('an installation with live models', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  const urlOf = (name: string) => `http://${name}.${namespace.name}.svc.cluster.local/predict`;
  const url = urlOf('iris');
  const wait = (name = 'iris') => waitUntilReady(installation().kubectl, { namespace: namespace.name, name });
  let body: object;
  let path: string;

  before(async function () {
    // Its CRD is taken away, and with it every ModelDeployment there is.
    if (!cluster().isOurs) this.skip();
    await namespace.create();
    const sample = await readSampleClassifier('iris-lr-strings');
    body = { instances: sample.rows };
    ({ path } = await uploadSample(sample.file, 'install/iris.onnx'));
    await client.start();
    await apply('iris');
    await wait();
  });
  after(() => namespace.delete());

  const apply = (name: string) =>
    namespace.applyModel(name, { model: { path }, replicas: 2, resources: SMALL_RESOURCES });
  const podsOf = (name: string) =>
    namespace.kubectl(
      'get',
      'pods',
      '-l',
      `app.kubernetes.io/instance=${name}`,
      '-o',
      'jsonpath={.items[*].metadata.uid}',
    );
  const scaleOperator = async (replicas: number) => {
    await installation().kubectl.run(['scale', ...OPERATOR, `--replicas=${replicas}`]);
    await installation().kubectl.run(['rollout', 'status', ...OPERATOR, '--timeout=60s']);
  };

  it('is upgraded from each earlier release without a new pod or a failed request', async () => {
    const files = (await readdir(RELEASES)).filter((name) => name.startsWith('install-'));
    expect(files).not.to.have.length(0);
    for (const file of files) {
      await installation().installOperator(await readFile(join(RELEASES, file), 'utf8'));
      // Stored with the defaults of that release.
      await apply('before-upgrade');
      await wait('before-upgrade');
      const before = await podsOf('before-upgrade');
      const load = await client.postWhile(urlOf('before-upgrade'), body, async () => {
        await installation().installOperator();
        await apply('after-upgrade');
        await wait('after-upgrade');
        await wait('before-upgrade');
        await wait();
      });
      expect(load.failures, `${file}: of ${load.requests} requests`).to.deep.equal([]);
      expect(await podsOf('before-upgrade'), file).to.equal(before);
      await namespace.kubectl('delete', 'modeldeployment', 'before-upgrade', 'after-upgrade');
    }
  });

  it('serves on without its operator, which finds what was changed meanwhile', async () => {
    await apply('short-lived');
    await wait('short-lived');
    const load = await client.postWhile(url, body, async () => {
      await scaleOperator(0);
      try {
        await namespace.kubectl('delete', 'modeldeployment', 'short-lived', '--timeout=20s');
        await namespace.patchModel('iris', { logLevel: 'warn' });
        await apply('newcomer');
      } finally {
        await scaleOperator(1);
      }
      await wait('newcomer');
      await wait();
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    const level = '{.spec.template.spec.containers[0].env[?(@.name=="LOG_LEVEL")].value}';
    expect(await namespace.kubectl('get', 'deployment', 'iris', '-o', `jsonpath=${level}`)).to.equal('warn');
    await eventually(async () => expect(await leftOf('short-lived')).to.equal(''), { timeoutMs: 60_000 });
  });

  it('can lose its operator for good while the models serve on', async () => {
    const load = await client.postWhile(url, body, async () => {
      await installation().kubectl.run(['delete', 'namespace', OPERATOR_NAMESPACE, '--timeout=60s']);
    });
    expect(load.failures, `of ${load.requests} requests`).to.deep.equal([]);
    await installation().installOperator();
    await wait();
  });

  it('leaves nothing when the install file is deleted', async () => {
    const yaml = await renderKustomization('default');
    try {
      await installation().kubectl.run(['delete', '-f', '-', '--timeout=90s'], yaml);
      await eventually(async () => expect(await everythingOfOurs()).to.equal(''), { timeoutMs: 60_000 });
    } finally {
      await installation().installOperator();
    }
    expect(await namespace.kubectl('get', 'modeldeployments', '-o', 'name')).to.equal('');
  });

  function leftOf(name: string): Promise<string> {
    return namespace.kubectl('get', CHILDREN, '-l', `app.kubernetes.io/instance=${name}`, '-o', 'name');
  }

  async function everythingOfOurs(): Promise<string> {
    return installation().kubectl.run(['get', `${CHILDREN},${INSTALLED}`, '-A', '-l', OURS, '-o', 'name']);
  }
});
