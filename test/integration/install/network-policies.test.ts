import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { renderChart } from '../../../dev/chart.ts';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import { renderKustomization } from '../../../dev/install-yaml.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { API_VERSION, KIND } from '../../../operator/api/model-deployment.ts';
import { makeDesiredResources } from '../../../operator/resources/index.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { allows, type Flow, type NetworkPolicySpec } from '../../support/network-policy-model.ts';
import { rejectionOf } from '../../support/thrown.ts';

const POLICIES = join(import.meta.dirname, '..', '..', '..', 'config', 'network-policies');
const OPERATOR_NAMESPACE = 'modeldeployment-system';
const EMULATOR_PORT = 4443;
const CLOSED_PORT = 7000;
/** An address of storage.googleapis.com; it has many. */
const GOOGLE = '142.250.184.219';
const METADATA_SERVER = '169.254.169.254';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: NetworkPolicySpec;
}
interface Pod {
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;
}

const manifestsOf = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

describe('network policies on a real API server', function () {
  this.timeout(60_000);
  let controlPlane: ControlPlane;
  let models: string;
  /** The pods as Deployments make them. */
  const pods: { model?: Pod; operator?: Pod } = {};

  before(async () => {
    controlPlane = await sharedControlPlane();
    models = await freshNamespace(controlPlane, 'policies');
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } });
    const iris = {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name: 'iris', namespace: models },
      spec: { model: { path: 'gs://models/iris/model.onnx' } },
    };
    const [deployment] = makeDesiredResources(
      (await apply(iris)) as ModelDeployment,
      { generation: undefined },
      { runtimeImage: 'modeldeployment-runtime:0.1.0', storageEmulatorHost: undefined },
    ).filter(({ kind }) => kind === 'Deployment');
    pods.model = podOf(await apply(deployment!, '--namespace', models));
    const installed = manifestsOf(await renderKustomization('default'));
    pods.operator = podOf(installed.find(({ kind }) => kind === 'Deployment')!);
  });
  after(async () => {
    await controlPlane.kubectl(['delete', 'networkpolicies', '--all', '-n', OPERATOR_NAMESPACE]);
    await controlPlane.kubectl(['delete', 'namespace', models, '--wait=false']);
  });

  /** @returns the object as it is stored */
  async function apply(object: object, ...args: readonly string[]): Promise<object> {
    const command = ['apply', '--validate=strict', '-f', '-', '-o', 'json', ...args];
    return JSON.parse(await controlPlane.kubectl(command, { input: JSON.stringify(object) })) as object;
  }

  const fromFiles = (): Manifest[] => {
    const read = (file: string) => parse(readFileSync(join(POLICIES, file), 'utf8')) as Manifest;
    const forModels = read('models.yaml');
    return [read('operator.yaml'), { ...forModels, metadata: { ...forModels.metadata, namespace: models } }];
  };
  const fromChart = async (): Promise<Manifest[]> => {
    const extraEgress = [{ ports: [{ protocol: 'TCP', port: EMULATOR_PORT }] }];
    const yaml = await renderChart({ watchNamespaces: [models], networkPolicies: { extraEgress } });
    return manifestsOf(yaml).filter(({ kind }) => kind === 'NetworkPolicy');
  };

  for (const [name, rendered, hasEmulator] of [
    ['of the plain YAML', fromFiles, false],
    ['of the chart, with a port added', fromChart, true],
  ] as const) {
    describe(name, () => {
      /** By namespace, as stored. */
      const stored: Record<string, NetworkPolicySpec[]> = {};
      before(async () => {
        for (const manifest of await rendered()) {
          const { metadata, spec } = (await apply(manifest)) as Manifest;
          expect(spec, 'what is stored').to.deep.equal(manifest.spec);
          (stored[metadata.namespace!] ??= []).push(spec);
        }
        expect(stored).to.have.all.keys(models, OPERATOR_NAMESPACE);
      });

      for (const [flow, pod, direction, rest, isAllowed] of flows(hasEmulator)) {
        it(`${isAllowed ? 'let through' : 'stop'} ${flow}`, () => {
          const { labels, ports } = pods[pod]!;
          const port = typeof rest.port === 'string' ? ports[rest.port]! : rest.port;
          const policies = stored[pod === 'model' ? models : OPERATOR_NAMESPACE]!;
          expect(port, 'a port of the pod').to.be.a('number');
          expect(allows(policies, { ...rest, direction, labels, port })).to.equal(isAllowed);
        });
      }

      it('let in every port that the pods name', () => {
        for (const [namespace, pod] of [
          [models, pods.model!],
          [OPERATOR_NAMESPACE, pods.operator!],
        ] as const) {
          for (const port of Object.values(pod.ports)) {
            expect(allows(stored[namespace]!, { direction: 'Ingress', labels: pod.labels, port })).to.equal(true);
          }
        }
      });

      it('leave other pods of these namespaces alone', () => {
        const flow = { direction: 'Egress', labels: { app: 'other' }, port: CLOSED_PORT } as const;
        for (const policies of Object.values(stored)) expect(allows(policies, flow)).to.equal(true);
      });
    });
  }

  it('are validated there: a port that is none is refused', async () => {
    const [policy] = fromFiles();
    const wrong = { ...policy, spec: { ...policy!.spec, ingress: [{ ports: [{ protocol: 'TCP', port: 70_000 }] }] } };
    const { message } = await rejectionOf(Error, apply(wrong));
    expect(message).to.contain('must be between 1 and 65535');
  });
});

type Row = [
  name: string,
  pod: 'model' | 'operator',
  direction: Flow['direction'],
  flow: Omit<Flow, 'direction' | 'labels' | 'port'> & { readonly port: number | string },
  isAllowed: boolean,
];

/** What has to work, and what must not. Peers without an address are pods and nodes, of whichever namespace: no rule asks where they are. */
function flows(hasEmulator: boolean): Row[] {
  const everyone = (pod: 'model' | 'operator'): Row[] => [
    [`names asked for by the ${pod}, over UDP`, pod, 'Egress', { port: 53, protocol: 'UDP' }, true],
    [`names asked for by the ${pod}, over TCP`, pod, 'Egress', { port: 53 }, true],
    [`the ${pod} to Google Cloud Storage`, pod, 'Egress', { port: 443, peer: GOOGLE }, true],
    [`the ${pod} to the metadata server`, pod, 'Egress', { port: 80, peer: METADATA_SERVER }, true],
    [`the ${pod} to GKE's metadata server`, pod, 'Egress', { port: 988, peer: '169.254.169.252' }, true],
    [`the ${pod} to port 80 of others`, pod, 'Egress', { port: 80, peer: GOOGLE }, false],
    [`the ${pod} to ports of other pods`, pod, 'Egress', { port: CLOSED_PORT }, false],
    [`the ${pod} to an emulator`, pod, 'Egress', { port: EMULATOR_PORT }, hasEmulator],
    [`scrapes of the ${pod}'s metrics`, pod, 'Ingress', { port: 'metrics' }, true],
    [`connections to other ports of the ${pod}`, pod, 'Ingress', { port: CLOSED_PORT }, false],
  ];
  return [
    ...everyone('model'),
    ...everyone('operator'),
    ['predictions over HTTP, and probes', 'model', 'Ingress', { port: 'http' }, true],
    ['predictions over gRPC', 'model', 'Ingress', { port: 'grpc' }, true],
    ['the model to an API server on port 6443', 'model', 'Egress', { port: 6443 }, false],
    ['probes of the operator', 'operator', 'Ingress', { port: 'health' }, true],
    ['the operator to an API server on port 6443', 'operator', 'Egress', { port: 6443 }, true],
    ['the operator to an API server on port 8443', 'operator', 'Egress', { port: 8443 }, true],
  ];
}

/** @param deployment as the API server or kustomize has it */
function podOf(deployment: object): Pod {
  const { template } = (deployment as { spec: { template: PodTemplate } }).spec;
  const ports = template.spec.containers.flatMap(({ ports }) => ports);
  return {
    labels: template.metadata.labels,
    ports: Object.fromEntries(ports.map(({ name, containerPort }) => [name, containerPort])),
  };
}
interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: { ports: { name: string; containerPort: number }[] }[] };
}
