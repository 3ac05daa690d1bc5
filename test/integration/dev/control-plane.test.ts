import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import { startControlPlane } from '../../../dev/control-plane.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { rejectionOf } from '../../support/thrown.ts';

const OPERATOR = 'operator-under-test';

describe('startControlPlane', function () {
  this.timeout(60_000);
  let controlPlane: ControlPlane;
  let operator: string;

  before(async () => {
    controlPlane = await startControlPlane();
    operator = await controlPlane.addUser({ name: OPERATOR, clusterRole: 'cluster-admin' });
  });

  after(() => controlPlane.stop());

  /** kubectl as the operator. */
  const asOperator = (...args: string[]) => controlPlane.kubectl([...args, '--kubeconfig', operator]);

  it('serves the API', async () => {
    expect(await controlPlane.kubectl(['get', '--raw', '/readyz'])).to.equal('ok');
  });

  it('tells what went wrong with kubectl', async () => {
    const error = await rejectionOf(Error, controlPlane.kubectl(['get', 'configmap', 'nothing']));
    expect(error.message).to.include('configmaps "nothing" not found');
  });

  it('counts requests by user, agent, verb and resource', async () => {
    const mark = await controlPlane.mark();
    await asOperator('create', 'configmap', 'counted', '--from-literal=a=b');
    await asOperator('get', 'configmap', 'counted');
    await controlPlane.kubectl(['get', 'configmap', 'counted']);
    const since = { since: mark, resource: 'configmaps' };
    expect(await controlPlane.countRequests({ ...since, user: OPERATOR })).to.equal(2);
    expect(await controlPlane.countRequests({ ...since, user: OPERATOR, verb: 'create' })).to.equal(1);
    expect(await controlPlane.countRequests({ ...since, user: 'admin' })).to.equal(1);
    expect(await controlPlane.countRequests({ ...since, verb: ['get', 'create'] })).to.equal(3);
    expect(await controlPlane.countRequests({ ...since, userAgent: 'kubectl/' })).to.equal(3);
    expect(await controlPlane.countRequests({ ...since, userAgent: 'another/' })).to.equal(0);
    expect(await controlPlane.countRequests({ ...since, resource: 'secrets', user: OPERATOR })).to.equal(0);
    const [created] = await controlPlane.requests({ ...since, verb: 'create' });
    expect(created).to.deep.include({ namespace: 'default', status: 201, user: OPERATOR });
  });

  it('counts nothing while nothing is asked', async () => {
    const mark = await controlPlane.mark();
    expect(await controlPlane.countRequests({ since: mark, user: OPERATOR })).to.equal(0);
  });

  it('counts a watch once', async () => {
    const mark = await controlPlane.mark();
    await asOperator('get', 'configmap', '--watch', '--request-timeout=1s');
    expect(await controlPlane.countRequests({ since: mark, user: OPERATOR, verb: 'watch' })).to.equal(1);
  });

  it('lets a user do only what is granted', async () => {
    const nobody = await controlPlane.addUser({ name: 'system:serviceaccount:default:nobody' });
    const get = controlPlane.kubectl(['get', 'secrets', '--kubeconfig', nobody]);
    const error = await rejectionOf(Error, get);
    expect(error.message).to.include('User "system:serviceaccount:default:nobody" cannot list resource "secrets"');
  });

  it('runs the controllers: children are made, and deleted with their owner', async () => {
    const namespace = await freshNamespace(controlPlane);
    const inNamespace = (...args: string[]) => controlPlane.kubectl(['-n', namespace, ...args]);
    await inNamespace('create', 'deployment', 'web', '--image=nowhere.example/web:1');
    await eventually(async () => expect(await inNamespace('get', 'pods', '-o', 'name')).to.match(/^pod\/web-/));
    await inNamespace('delete', 'deployment', 'web');
    await eventually(async () => expect(await inNamespace('get', 'replicasets,pods', '-o', 'name')).to.equal(''));
  });

  it('deletes the children of our objects, from the start', async () => {
    const shared = await sharedControlPlane();
    const namespace = await freshNamespace(shared);
    const inNamespace = (args: string[], input?: object) =>
      shared.kubectl(['-n', namespace, ...args], input && { input: JSON.stringify(input) });
    const owner = {
      apiVersion: 'modeldeployment.dev/v1alpha1',
      kind: 'ModelDeployment',
      metadata: { name: 'iris' },
      spec: { model: { path: 'gs://models/iris/model.onnx' } },
    };
    await inNamespace(['create', '-f', '-'], owner);
    const uid = await inNamespace(['get', 'modeldeployment', 'iris', '-o', 'jsonpath={.metadata.uid}']);
    const ownerReferences = [{ apiVersion: owner.apiVersion, kind: owner.kind, name: 'iris', uid }];
    const child = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'child', ownerReferences } };
    await inNamespace(['create', '-f', '-'], child);
    await inNamespace(['delete', 'modeldeployment', 'iris']);
    await eventually(async () =>
      expect(await inNamespace(['get', 'configmaps', '-o', 'name'])).not.to.include('child'),
    );
  });

  it('applies a definition and serves what it defines', async () => {
    await controlPlane.apply('crds/modeldeployment.yaml');
    expect(await controlPlane.kubectl(['get', 'modeldeployments', '-o', 'name'])).to.equal('');
  });

  it('keeps its data and its address when the API server crashes', async () => {
    await controlPlane.kubectl(['create', 'configmap', 'kept', '--from-literal=a=b']);
    const before = await controlPlane.countRequests({ resource: 'configmaps', user: 'admin', verb: 'create' });
    await controlPlane.stopApiServer();
    await rejectionOf(Error, controlPlane.kubectl(['get', 'configmap', 'kept']));
    expect(await controlPlane.countRequests({ resource: 'configmaps', user: 'admin', verb: 'create' })).to.equal(
      before,
    );
    await controlPlane.startApiServer();
    const data = await controlPlane.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}']);
    expect(data).to.equal('b');
    expect(await controlPlane.countRequests({ resource: 'configmaps', user: 'admin', verb: 'create' })).to.equal(
      before,
    );
  });

  it('leaves nothing behind when stopped, and can be stopped twice', async () => {
    const other = await startControlPlane({ controllers: false });
    expect(processesOf(other.directory)).to.have.lengthOf(2);
    await other.stop();
    expect(processesOf(other.directory)).to.deep.equal([]);
    expect(existsSync(other.directory)).to.equal(false);
    await other.stop();
  });

  it('leaves nothing behind when the process that started it is killed', async () => {
    const script = `
      import { startControlPlane } from ${JSON.stringify(join(import.meta.dirname, '../../../dev/control-plane.ts'))};
      const { directory } = await startControlPlane();
      console.log(directory);
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [directory] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    expect(processesOf(directory)).to.have.lengthOf(3);
    parent.kill('SIGKILL');
    await eventually(() => {
      expect(processesOf(directory)).to.deep.equal([]);
      expect(existsSync(directory)).to.equal(false);
    });
  });
});

/** Command lines of the running processes that work on a folder. */
function processesOf(directory: string): string[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(directory));
}
