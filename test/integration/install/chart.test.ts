import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { CHART, renderChart } from '../../../dev/chart.ts';
import { CommandError } from '../../../dev/command.ts';
import { projectVersion } from '../../../dev/images.ts';
import { renderInstallYaml, renderKustomization } from '../../../dev/install-yaml.ts';
import { readConfig } from '../../../operator/config.ts';
import { PORTS } from '../../../runtime/contract.ts';
import { rejectionOf } from '../../support/thrown.ts';

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at fields of many kinds
  spec?: any;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NETWORK_POLICIES = { networkPolicies: { enabled: false } };
/** Of kustomize's output: Helm makes the namespace itself (--create-namespace). */
const NOT_IN_THE_CHART = ['Namespace'];

const manifestsOf = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
const identity = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const sorted = (manifests: Manifest[]): Manifest[] =>
  manifests.toSorted((a, b) => identity(a).localeCompare(identity(b), 'en'));

async function chart(values: object = {}): Promise<Manifest[]> {
  return manifestsOf(await renderChart(values));
}

/** What `kubectl apply -k` of that folder would install, without the namespace. */
async function kustomized(folder: string): Promise<Manifest[]> {
  const version = await projectVersion();
  const yaml = await renderInstallYaml({
    operatorImage: `modeldeployment-operator:${version}`,
    runtimeImage: `modeldeployment-runtime:${version}`,
    folder,
  });
  return manifestsOf(yaml).filter(({ kind }) => !NOT_IN_THE_CHART.includes(kind));
}

/** config/default with a component of config/, as a user's overlay would have it. */
async function kustomizedWith(component: string): Promise<Manifest[]> {
  const overlay = await mkdtemp(join(tmpdir(), 'modeldeployment-overlay-'));
  try {
    const path = (folder: string) => relative(overlay, join(ROOT, 'config', folder));
    await writeFile(
      join(overlay, 'kustomization.yaml'),
      JSON.stringify({ resources: [path('default')], components: [path(component)] }),
    );
    return await kustomized(relative(join(ROOT, 'config'), overlay));
  } finally {
    await rm(overlay, { recursive: true });
  }
}

/** Helm alone reads this annotation: it leaves the CRD, and so all models, in place on uninstall. */
function withoutKeep(manifests: Manifest[]): Manifest[] {
  for (const { kind, metadata } of manifests) if (kind === 'CustomResourceDefinition') delete metadata.annotations;
  return manifests;
}

describe('the Helm chart', function () {
  this.timeout(60_000);

  for (const [name, values, expected] of [
    ['by default: config/default with network policies', {}, () => kustomizedWith('network-policies')],
    ['without network policies: config/default', NETWORK_POLICIES, () => kustomized('default')],
    [
      'with a watched namespace: config/namespaced',
      { watchNamespaces: ['models'], ...NETWORK_POLICIES },
      () => kustomized('namespaced'),
    ],
    [
      'with pod monitors: config/default with them',
      { metrics: { podMonitor: { enabled: true } }, ...NETWORK_POLICIES },
      () => kustomizedWith('pod-monitors'),
    ],
  ] as const) {
    it(`renders the objects of kustomize, ${name}`, async () => {
      expect(sorted(withoutKeep(await chart(values)))).to.deep.equal(sorted(await expected()));
    });
  }

  it('has the version of the project', async () => {
    const { version, appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
    expect([version, appVersion]).to.deep.equal([await projectVersion(), await projectVersion()]);
  });

  it('keeps the CRD on uninstall unless told otherwise, and leaves it out where it is there already', async () => {
    const definition = async (crds: object) =>
      (await chart({ crds })).find(({ kind }) => kind === 'CustomResourceDefinition');
    expect((await definition({}))?.metadata.annotations).to.deep.equal({ 'helm.sh/resource-policy': 'keep' });
    expect((await definition({ keep: false }))?.metadata).to.not.have.property('annotations');
    expect(await definition({ install: false })).to.equal(undefined);
  });

  it('gives rights in each watched namespace, and none in others', async () => {
    const manifests = await chart({ watchNamespaces: ['red', 'blue'], userRoles: false });
    const rights = manifests.filter(({ kind }) => /Role/.test(kind)).map(identity);
    expect(rights.sort()).to.deep.equal([
      'Role blue/modeldeployment-operator',
      'Role modeldeployment-system/modeldeployment-operator-leader-election',
      'Role red/modeldeployment-operator',
      'RoleBinding blue/modeldeployment-operator',
      'RoleBinding modeldeployment-system/modeldeployment-operator-leader-election',
      'RoleBinding red/modeldeployment-operator',
    ]);
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(identity);
    expect(policies.sort()).to.deep.equal([
      'NetworkPolicy blue/modeldeployment-models',
      'NetworkPolicy modeldeployment-system/modeldeployment-operator',
      'NetworkPolicy red/modeldeployment-models',
    ]);
    expect(await operatorEnv({ watchNamespaces: ['red', 'blue'] })).to.include({ WATCH_NAMESPACES: 'red,blue' });
  });

  for (const [name, image, operator, runtime] of [
    [
      'a registry',
      { registry: 'registry.example.com/ml' },
      'registry.example.com/ml/modeldeployment-operator:VERSION',
      'registry.example.com/ml/modeldeployment-runtime:VERSION',
    ],
    [
      'a registry that ends with a slash, and a tag',
      { registry: 'registry.example.com/', tag: '7' },
      'registry.example.com/modeldeployment-operator:7',
      'registry.example.com/modeldeployment-runtime:7',
    ],
    [
      'a whole reference for one of them',
      { runtime: 'example.com/own@sha256:0' },
      'modeldeployment-operator:VERSION',
      'example.com/own@sha256:0',
    ],
  ] as const) {
    it(`names the images by ${name}`, async () => {
      const version = await projectVersion();
      expect((await container({ image })).image).to.equal(operator.replace('VERSION', version));
      expect(await operatorEnv({ image })).to.include({ RUNTIME_IMAGE: runtime.replace('VERSION', version) });
    });
  }

  it('puts the other values where they belong', async () => {
    const values = {
      replicas: 2,
      resources: { limits: { memory: '1Gi' } },
      imagePullSecrets: [{ name: 'registry' }],
      env: [{ name: 'LOG_LEVEL', value: 'debug' }],
      nodeSelector: { pool: 'system' },
      tolerations: [{ key: 'system', operator: 'Exists' }],
      priorityClassName: 'system-cluster-critical',
      podAnnotations: { 'example.com/owner': 'ml' },
      serviceAccount: { annotations: { 'iam.gke.io/gcp-service-account': 'reader@example.iam.gserviceaccount.com' } },
      networkPolicies: { extraEgress: [{ ports: [{ port: 4443 }] }] },
    };
    const manifests = await chart(values);
    const find = (kind: string) => manifests.find((manifest) => manifest.kind === kind)!;
    const { spec } = find('Deployment');
    expect(spec.replicas).to.equal(2);
    expect(spec.template.metadata.annotations).to.include(values.podAnnotations);
    const { imagePullSecrets, nodeSelector, tolerations, priorityClassName } = values;
    expect(spec.template.spec).to.deep.include({ imagePullSecrets, nodeSelector, tolerations, priorityClassName });
    expect(spec.template.spec.containers[0].resources).to.deep.equal({
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '1Gi' },
    });
    expect(await operatorEnv(values)).to.include({ LOG_LEVEL: 'debug', LEADER_ELECT: 'true' });
    expect(find('ServiceAccount').metadata.annotations).to.deep.equal(values.serviceAccount.annotations);
    expect(find('NetworkPolicy').spec.egress).to.deep.include(values.networkPolicies.extraEgress[0]);
  });

  for (const [name, values, message] of [
    ['an unknown value', { replica: 2 }, /additional properties 'replica' not allowed/],
    ['a namespace that is none', { watchNamespaces: ['Team A'] }, /watchNamespaces\/0.*does not match pattern/],
    ['a list written as text', { watchNamespaces: 'a,b' }, /watchNamespaces.*got string, want array/],
    ['a negative number of replicas', { replicas: -1 }, /replicas.*minimum: got -1, want 0/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const error = await rejectionOf(CommandError, renderChart(values));
      expect(error.message.replaceAll('\n', ' ')).to.match(message);
    });
  }
});

describe('network policies', function () {
  this.timeout(60_000);
  const ingressPorts = (file: string): number[] => {
    const { spec } = parse(readFileSync(join(ROOT, 'config/network-policies', file), 'utf8')) as Manifest;
    return spec.ingress.flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port));
  };

  it('let in what models serve', () => {
    expect(ingressPorts('models.yaml')).to.have.members(Object.values(PORTS));
  });

  it('let in what the operator serves', () => {
    const { healthPort, metricsPort } = readConfig({});
    expect(ingressPorts('operator.yaml')).to.have.members([healthPort, metricsPort]);
  });

  it('are not in the plain YAML', async () => {
    expect(await renderKustomization('default')).to.not.include('kind: NetworkPolicy');
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- tests look at fields of many kinds
async function container(values: object): Promise<any> {
  return (await chart(values)).find(({ kind }) => kind === 'Deployment')!.spec.template.spec.containers[0];
}

async function operatorEnv(values: object): Promise<Record<string, string>> {
  const { env } = (await container(values)) as { env: { name: string; value: string }[] };
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}
