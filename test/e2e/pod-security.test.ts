import { expect } from 'chai';
import { CommandError } from '../../dev/command.ts';
import { OPERATOR_NAMESPACE } from '../../dev/installation.ts';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { rejectionOf } from '../support/thrown.ts';
import { SMALL_RESOURCES } from './fault-matrix.ts';
import { installation, TestNamespace, uploadSample } from './installation.ts';

/** Run in the container: what the process there may do. */
const LOOK_AROUND = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const status = readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp('^' + name + ':\\\\s+(\\\\S+)', 'm').exec(status)[1];
let write;
try { writeFileSync('/file', ''); } catch (error) { write = error.code; }
const token = existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
console.log(JSON.stringify({ uid: process.getuid(), capabilities: field('CapEff'), noNewPrivileges: field('NoNewPrivs'), seccomp: field('Seccomp'), write, token }));
`;
/** Seccomp 2: a filter is in force (proc(5)). */
const CONFINED = { uid: 65_532, capabilities: '0000000000000000', noNewPrivileges: '1', seccomp: '2', write: 'EROFS' };

describe('in namespaces of the Pod Security level restricted', () => {
  const namespace = new TestNamespace();

  before(async () => {
    await namespace.create();
    const { path } = await uploadSample('iris-lr-strings.onnx', 'pod-security/iris.onnx');
    await namespace.applyModel('iris', { model: { path }, resources: SMALL_RESOURCES });
    await waitUntilReady(installation().kubectl, { namespace: namespace.name, name: 'iris' });
  });
  after(() => namespace.delete());

  const lookAround = async (namespaceName: string, deployment: string): Promise<unknown> => {
    const exec = ['exec', '-n', namespaceName, `deployment/${deployment}`, '--', 'node', '-e', LOOK_AROUND];
    return JSON.parse(await installation().kubectl.run(exec));
  };

  it('a model is served, by a process without rights and without an API token', async () => {
    expect(await lookAround(namespace.name, 'iris')).to.deep.equal({ ...CONFINED, token: false });
  });

  it('the operator runs, by a process without rights', async () => {
    const level = '{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}';
    const { kubectl } = installation();
    expect(await kubectl.run(['get', 'namespace', OPERATOR_NAMESPACE, '-o', `jsonpath=${level}`])).to.equal(
      'restricted',
    );
    expect(await lookAround(OPERATOR_NAMESPACE, 'modeldeployment-operator')).to.deep.equal({
      ...CONFINED,
      token: true,
    });
  });

  it('other pods are refused, so the level is enforced there', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image: 'any' }] },
    };
    const { message } = await rejectionOf(CommandError, namespace.apply(pod));
    expect(message).to.contain('violates PodSecurity "restricted');
  });
});
