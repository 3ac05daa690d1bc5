import { join } from 'node:path';
import { expect } from 'chai';
import { startControlPlane, type ApiRequest, type AuditMark, type ControlPlane } from '../../../dev/control-plane.ts';
import { startFaultyApiServer, type FaultyApiServer } from '../../../dev/faulty-api-server.ts';
import { startStorageEmulator, type StorageEmulator } from '../../../dev/storage-emulator.ts';
import { freshBucket, type TestBucket } from '../../support/bucket.ts';
import { ClusterObjects } from '../../support/cluster-objects.ts';
import { soon } from '../../support/operator-bed.ts';
import { startOperator, type OperatorProcess } from '../../support/operator-process.ts';

const CRD = join(import.meta.dirname, '..', '..', '..', 'crds', 'modeldeployment.yaml');
const WRITES = ['create', 'update', 'patch', 'delete'];

/** Two operators, each with a user and a faulty way to the API server of its own. What happens here happens to the whole cluster. */
describe('operator with a faulty API server', function () {
  this.timeout(240_000);
  let controlPlane: ControlPlane;
  let emulator: StorageEmulator;
  let bucket: TestBucket;
  let objects: ClusterObjects;
  let ways: readonly [FaultyApiServer, FaultyApiServer];
  const operators: OperatorProcess[] = [];

  before(async () => {
    [controlPlane, emulator] = await Promise.all([
      startControlPlane({ controllers: false, crds: [CRD] }),
      startStorageEmulator(),
    ]);
    bucket = await freshBucket(emulator);
    await bucket.upload('model.onnx', 'a model');
    objects = new ClusterObjects(controlPlane.kubeconfig, 'default');
    const way = async (name: string): Promise<FaultyApiServer> =>
      startFaultyApiServer(await controlPlane.addUser({ name, clusterRole: 'cluster-admin' }));
    ways = [await way('first'), await way('second')];
  });
  afterEach(async () => {
    for (const way of ways) way.fault = { kind: 'none' };
    for (const operator of operators.splice(0)) await operator.stop('SIGKILL');
  });
  after(async () => {
    for (const way of ways) await way.stop();
    await Promise.all([controlPlane.stop(), emulator.stop()]);
  });

  async function start(way: FaultyApiServer, env: Readonly<Record<string, string>> = {}): Promise<OperatorProcess> {
    const operator = await startOperator({
      kubeconfig: way.kubeconfig,
      env: { STORAGE_EMULATOR_HOST: emulator.url, ...env },
    });
    operators.push(operator);
    await operator.untilReady();
    return operator;
  }

  /** The second starts once the first leads: a lease that was left behind falls to whichever asks first after it ran out. */
  async function startPair(): Promise<{ readonly leader: OperatorProcess; readonly standby: OperatorProcess }> {
    const env = { LEADER_ELECT: 'true', POD_NAMESPACE: 'default' };
    const leader = await start(ways[0], env);
    await soon(async () => expect(await leader.metric('leader')).to.equal(1));
    return { leader, standby: await start(ways[1], env) };
  }

  async function create(name: string): Promise<void> {
    await objects.createModelDeployment(name, { model: { path: bucket.path('model.onnx') } });
  }

  /** The spec as it is now was brought into the children, and status says so. */
  async function untilHandled(name: string): Promise<void> {
    await soon(async () => {
      const { metadata, status, spec } = await objects.get('modelDeployment', name);
      expect(status?.observedGeneration).to.equal(metadata.generation);
      expect((await objects.get('deployment', name)).spec.replicas).to.equal(spec.replicas);
      await objects.get('service', name);
    });
  }

  async function writesOf(user: string, since: AuditMark): Promise<ApiRequest[]> {
    const requests = await controlPlane.requests({ user, since, verb: WRITES });
    return requests.filter(({ resource }) => resource !== 'leases');
  }

  it('asks no more often than the API server wants while that answers 429, and goes on afterwards', async () => {
    const [way] = ways;
    const operator = await start(way);
    way.fault = { kind: 'status', status: 429, share: 1, retryAfterSeconds: 2 };
    const before = way.requests;
    for (let index = 0; index < 40; index += 1) await create(`throttled-${index}`);
    await soon(async () => {
      expect(await operator.metric('api_requests_total', { code: '429' })).to.be.at.least(10);
    });
    // Eight workers, each of which may ask once in two seconds; 40 objects that go on by themselves would ask some 300 times.
    expect(way.requests - before).to.be.below(100);
    expect(await operator.health('/livez')).to.include({ status: 200 });
    way.fault = { kind: 'none' };
    for (let index = 0; index < 40; index += 1) await untilHandled(`throttled-${index}`);
  });

  for (const { what, fault } of [
    { what: 'answers 500 to every second request', fault: { kind: 'status', status: 500, share: 0.5 } },
    { what: 'answers 503 to everything', fault: { kind: 'status', status: 503, share: 1 } },
    { what: 'takes a second for every answer', fault: { kind: 'slow', delayMs: 1_000 } },
    { what: 'refuses connections', fault: { kind: 'refuse' } },
  ] as const) {
    it(`loses nothing when the API server ${what}`, async () => {
      const [way] = ways;
      const name = `through-${fault.kind}-${'status' in fault ? fault.status : 0}`;
      const operator = await start(way);
      await create(name);
      await untilHandled(name);
      way.fault = fault;
      await objects.patch('modelDeployment', name, { spec: { replicas: 3 } });
      await create(`${name}-new`);
      if (fault.kind !== 'slow') {
        const before = await operator.metric('api_requests_total');
        await soon(async () => {
          const isTold = (await operator.metric('failing_watches')) > 0;
          expect(isTold || (await operator.metric('api_requests_total')) > before).to.equal(true);
        });
      }
      way.fault = { kind: 'none' };
      await untilHandled(name);
      await untilHandled(`${name}-new`);
      await operator.untilReady();
      expect(operator.hasExited).to.equal(false);
    });
  }

  it('gives a black hole up, ends, and leaves the lead to the other, which writes alone', async () => {
    const { leader, standby } = await startPair();
    expect(await standby.health('/readyz')).to.include({ status: 200 });
    ways[0].fault = { kind: 'silence' };
    await create('behind-the-hole');
    await soon(() => expect(leader.hasExited).to.equal(true));
    expect(leader.exitCode).to.equal(1);
    const since = await controlPlane.mark();
    await untilHandled('behind-the-hole');
    expect(await standby.metric('leader')).to.equal(1);
    expect(await writesOf('first', since)).to.deep.equal([]);
  });

  it('writes nothing after it stood still for longer than its lease', async () => {
    const { leader, standby } = await startPair();
    leader.signal('SIGSTOP');
    await soon(async () => expect(await standby.metric('leader')).to.equal(1));
    await create('while-it-slept');
    await untilHandled('while-it-slept');
    const since = await controlPlane.mark();
    await create('before-it-woke');
    leader.signal('SIGCONT');
    await soon(() => expect(leader.hasExited).to.equal(true));
    await untilHandled('before-it-woke');
    expect(await writesOf('first', since)).to.deep.equal([]);
  });

  it('does not fight with a second operator that runs by mistake, without leader election', async () => {
    const [first, second] = [await start(ways[0]), await start(ways[1])];
    await create('twice');
    await untilHandled('twice');
    await objects.patch('modelDeployment', 'twice', { spec: { replicas: 3, service: { port: 8000 } } });
    await untilHandled('twice');
    await first.untilQuiet();
    await second.untilQuiet();
    const since = await controlPlane.mark();
    await objects.patch('deployment', 'twice', { metadata: { annotations: { 'example.com/touched': 'yes' } } });
    await first.untilQuiet();
    await second.untilQuiet();
    expect([...(await writesOf('first', since)), ...(await writesOf('second', since))]).to.deep.equal([]);
  });

  it('lists again when the API server has forgotten where it was (410 Gone)', async () => {
    const operator = await start(ways[0]);
    await create('kept');
    await create('robbed');
    await untilHandled('kept');
    await untilHandled('robbed');
    operator.signal('SIGSTOP');
    await objects.delete('service', 'robbed');
    await create('missed');
    await objects.patch('modelDeployment', 'kept', { spec: { replicas: 2 } });
    await controlPlane.stopApiServer();
    await controlPlane.compact();
    await controlPlane.startApiServer();
    operator.signal('SIGCONT');
    await soon(() => objects.get('service', 'robbed'));
    for (const name of ['kept', 'missed', 'robbed']) await untilHandled(name);
    await operator.untilReady();
  });

  it('waits while etcd takes no writes, alive, and goes on afterwards', async () => {
    const operator = await start(ways[0]);
    operator.signal('SIGSTOP');
    await create('read-only');
    await controlPlane.setReadOnly(true);
    operator.signal('SIGCONT');
    await soon(async () => expect(await operator.metric('api_requests_total', { code: '500' })).to.be.at.least(2));
    expect(await operator.health('/livez')).to.include({ status: 200 });
    expect(await objects.find('deployment', 'read-only')).to.equal(undefined);
    await controlPlane.setReadOnly(false);
    await untilHandled('read-only');
  });

  it('waits while etcd stands still, and goes on afterwards', async () => {
    const operator = await start(ways[0]);
    operator.signal('SIGSTOP');
    await create('frozen');
    controlPlane.pause('etcd');
    operator.signal('SIGCONT');
    await soon(async () => expect(await operator.metric('reconciling')).to.equal(1));
    controlPlane.resume('etcd');
    await untilHandled('frozen');
    expect(operator.hasExited).to.equal(false);
  });

  it('is not ready while its definition is deleted, and goes on once it is there again', async () => {
    const operator = await start(ways[0]);
    await create('defined');
    await untilHandled('defined');
    await controlPlane.kubectl(['delete', '-f', CRD, '--wait=true']);
    await soon(async () => {
      const { status, body } = await operator.health('/readyz');
      expect(status).to.equal(503);
      expect(body).to.include('modeldeployment.dev/modeldeployments');
    });
    await controlPlane.apply(CRD);
    await operator.untilReady();
    await create('defined-again');
    await untilHandled('defined-again');
    expect(operator.hasExited).to.equal(false);
  });
});
