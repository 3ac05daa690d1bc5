import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { OPERATOR_NAMESPACE } from '../../dev/installation.ts';
import { readSampleClassifier } from '../../dev/sample-models.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { PORTS } from '../../runtime/contract.ts';
import { eventually } from '../support/eventually.ts';
import { ClientPod } from './client-pod.ts';
import { SMALL_RESOURCES } from './fault-matrix.ts';
import { FAULTY_STORAGE_HOST } from './faulty-storage.ts';
import { cluster, installation, TestNamespace, uploadSample } from './installation.ts';

const POLICIES = join(import.meta.dirname, '..', '..', 'config', 'network-policies');
const { hostname: host, port } = new URL(FAULTY_STORAGE_HOST);
const STORAGE = { host, port: Number(port) };
const API_SERVER = { host: 'kubernetes.default.svc.cluster.local', port: 443 };
/** Named by no policy. Nothing listens there, so whoever gets through is refused at once. */
const CLOSED_PORT = 7000;
const OPERATOR = ['--namespace', OPERATOR_NAMESPACE, 'deployment/modeldeployment-operator'];

/** Run in a container: what becomes of a TCP connection. A packet that a policy drops is not answered. */
const CONNECT = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), timeout: 3000 });
const end = (text) => { console.log(text); process.exit(); };
socket.on('connect', () => end('connected')).on('timeout', () => end('no answer')).on('error', ({ code }) => end(code));
`;
type Target = { readonly host: string; readonly port: number };

describe('network policies that are enforced', () => {
  const namespace = new TestNamespace();
  const elsewhere = new TestNamespace();
  const clients = [new ClientPod(namespace), new ClientPod(elsewhere)] as const;
  let stopEnforcing: (() => Promise<void>) | undefined;
  let path: string;
  let modelIp: string;
  let clientIp: string;
  let operatorIp: string;

  const connect = async (exec: readonly string[], { host, port }: Target): Promise<string> => {
    const args = ['exec', ...exec, '--', 'node', '-e', CONNECT, host, String(port)];
    return (await installation().kubectl.run(args)).trim();
  };
  const fromModel = (target: Target) => connect(['-n', namespace.name, 'deployment/iris'], target);
  const fromOperator = (target: Target) => connect(OPERATOR, target);
  const fromClient = ({ name }: TestNamespace, target: Target) => connect(['-n', name, 'client'], target);
  const podIp = async (...selector: readonly string[]) =>
    (await installation().kubectl.run(['get', 'pods', ...selector, '-o', 'jsonpath={.items[0].status.podIP}'])).trim();

  before(async function () {
    stopEnforcing = await cluster().enforceNetworkPolicies();
    if (!stopEnforcing) this.skip();
    await namespace.create();
    await elsewhere.create();
    ({ path } = await uploadSample('iris-lr-strings.onnx', 'network-policies/iris.onnx'));
    await namespace.apply(await policy('models.yaml'));
    await installation().kubectl.apply(JSON.stringify(await policy('operator.yaml')));
    for (const client of clients) await client.start();
    // The operator asks the API server and storage, the pod downloads, the kubelet probes: all under policies.
    await namespace.applyModel('iris', { model: { path }, resources: SMALL_RESOURCES });
    await waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
    modelIp = await podIp('-n', namespace.name, '-l', 'app.kubernetes.io/instance=iris');
    clientIp = await podIp('-n', elsewhere.name);
    operatorIp = await podIp('-n', OPERATOR_NAMESPACE);
  });
  after(async () => {
    await installation().kubectl.run(['delete', 'networkpolicies', '--all', '-n', OPERATOR_NAMESPACE]);
    await stopEnforcing?.();
    await namespace.delete();
    await elsewhere.delete();
  });

  for (const [name, where, client] of [
    ['of the same namespace', namespace, clients[0]],
    ['of another namespace', elsewhere, clients[1]],
  ] as const) {
    it(`let a pod ${name} ask for predictions, over the Service`, async () => {
      const { rows } = await readSampleClassifier('iris-lr-strings');
      const url = `http://iris.${namespace.name}.svc.cluster.local/predict`;
      expect((await client.post(url, { instances: rows })).status).to.equal(200);
    });

    it(`let a pod ${name} reach every port that models serve, and no other`, async () => {
      for (const port of Object.values(PORTS)) {
        expect(await fromClient(where, { host: modelIp, port }), String(port)).to.equal('connected');
      }
      expect(await fromClient(where, { host: modelIp, port: CLOSED_PORT })).to.equal('no answer');
    });
  }

  it('let a model’s pod reach storage, and neither the API server nor other pods', async () => {
    expect(await fromModel(STORAGE)).to.equal('connected');
    expect(await fromModel(API_SERVER)).to.equal('no answer');
    expect(await fromModel({ host: clientIp, port: CLOSED_PORT })).to.equal('no answer');
  });

  it('let the operator reach storage and the API server, and no other pods', async () => {
    expect(await fromOperator(STORAGE)).to.equal('connected');
    expect(await fromOperator(API_SERVER)).to.equal('connected');
    expect(await fromOperator({ host: clientIp, port: CLOSED_PORT })).to.equal('no answer');
  });

  it('let others reach the operator’s metrics and probes, and nothing else of it', async () => {
    for (const port of [8081, 9090]) {
      expect(await fromClient(elsewhere, { host: operatorIp, port }), String(port)).to.equal('connected');
    }
    expect(await fromClient(elsewhere, { host: operatorIp, port: CLOSED_PORT })).to.equal('no answer');
  });

  it('leave pods without a policy alone', async () => {
    expect(await fromClient(namespace, { host: clientIp, port: CLOSED_PORT })).to.equal('ECONNREFUSED');
    expect(await fromClient(elsewhere, API_SERVER)).to.equal('connected');
  });

  it('are what held: without them the same connections go through', async () => {
    await namespace.kubectl('delete', 'networkpolicy', 'modeldeployment-models');
    await eventually(async () => {
      expect(await fromModel(API_SERVER)).to.equal('connected');
      expect(await fromClient(elsewhere, { host: modelIp, port: CLOSED_PORT })).to.equal('ECONNREFUSED');
    });
  });
});

/** A file of config/network-policies with the emulator's port, as its comment tells users to add it. */
async function policy(file: string): Promise<object> {
  const manifest = parse(await readFile(join(POLICIES, file), 'utf8')) as { spec: { egress: object[] } };
  manifest.spec.egress.push({ ports: [{ protocol: 'TCP', port: STORAGE.port }] });
  return manifest;
}
