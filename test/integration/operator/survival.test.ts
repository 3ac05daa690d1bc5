import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import { startControlPlane } from '../../../dev/control-plane.ts';
import { startStorageEmulator, type StorageEmulator } from '../../../dev/storage-emulator.ts';
import { freshBucket, type TestBucket } from '../../support/bucket.ts';
import { ClusterObjects, conditionOf } from '../../support/cluster-objects.ts';
import { soon } from '../../support/operator-bed.ts';
import { startOperator, type OperatorProcess } from '../../support/operator-process.ts';

const CRD = join(import.meta.dirname, '..', '..', '..', 'crds', 'modeldeployment.yaml');
const OUTAGE_MS = 20_000;

/**
 * A control plane of its own: what happens here happens to the whole cluster. Without Kubernetes' controllers, which take minutes
 * to come back from an outage: children and status show what the operator did.
 */
describe('operator when things break', function () {
  this.timeout(240_000);
  let controlPlane: ControlPlane;
  let emulator: StorageEmulator;
  let bucket: TestBucket;
  let objects: ClusterObjects;
  const operators: OperatorProcess[] = [];

  before(async () => {
    [controlPlane, emulator] = await Promise.all([
      startControlPlane({ controllers: false }),
      startStorageEmulator({ keepObjects: true }),
    ]);
    bucket = await freshBucket(emulator);
    await bucket.upload('model.onnx', 'a model');
    await bucket.upload('other.onnx', 'another model');
    objects = new ClusterObjects(controlPlane.kubeconfig, 'default');
  });
  afterEach(async () => {
    for (const operator of operators.splice(0)) await operator.stop('SIGKILL');
  });
  after(async () => {
    await Promise.all([controlPlane.stop(), emulator.stop()]);
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<OperatorProcess> {
    const operator = await startOperator({
      kubeconfig: controlPlane.kubeconfig,
      env: { STORAGE_EMULATOR_HOST: emulator.url, ...env },
    });
    operators.push(operator);
    return operator;
  }

  async function create(name: string, spec: object = {}): Promise<void> {
    await objects.createModelDeployment(name, { model: { path: bucket.path('model.onnx') }, ...spec });
  }

  /** The spec as it is now was brought into the children, and status says so. */
  async function untilHandled(name: string): Promise<void> {
    await soon(async () => {
      const { metadata, status, spec } = await objects.get('modelDeployment', name);
      expect(status?.observedGeneration).to.equal(metadata.generation);
      expect(status.model.generation).to.match(/^\d+$/);
      expect((await objects.get('deployment', name)).spec.replicas).to.equal(spec.replicas);
      await objects.get('service', name);
    });
  }

  it('waits for the definition of its kind with a plain word, alive but not ready, and goes on once it is there', async () => {
    const operator = await start();
    await soon(async () => {
      expect(operator.log().map(({ msg }) => msg)).to.include(
        'the API server does not know this kind, waiting until it is installed',
      );
      expect(await operator.health('/readyz')).to.deep.include({ status: 503 });
      expect(await operator.health('/livez')).to.deep.include({ status: 200 });
    });
    const { body } = await operator.health('/readyz');
    expect(body).to.include('modeldeployment.dev/modeldeployments');
    await controlPlane.apply(CRD);
    await operator.untilReady();
    await create('after-crd');
    await untilHandled('after-crd');
  });

  it('ends with 0 on SIGTERM, and the passes under way end first', async () => {
    const operator = await start();
    await operator.untilReady();
    await create('draining');
    await operator.stop('SIGTERM');
    expect(operator.exitCode).to.equal(0);
    await (await start()).untilReady();
    await untilHandled('draining');
  });

  it('survives an API server that is down for 20 s, and one that is down when it starts', async () => {
    const operator = await start();
    await operator.untilReady();
    await create('outage');
    await untilHandled('outage');
    await create('in-the-middle');
    await controlPlane.stopApiServer();
    const late = await start();
    await delay(OUTAGE_MS);
    expect(await operator.health('/livez')).to.deep.include({ status: 200 });
    expect(await operator.health('/readyz')).to.deep.include({ status: 503 });
    expect([operator.hasExited, late.hasExited]).to.deep.equal([false, false]);
    await late.stop();
    await controlPlane.startApiServer();
    await objects.patch('modelDeployment', 'outage', { spec: { replicas: 3 } });
    await untilHandled('outage');
    await untilHandled('in-the-middle');
    await operator.untilReady();
    const complaints = operator.log().filter(({ level, msg }) => level >= 40 && msg.includes('does not answer'));
    expect(complaints.length).to.be.within(1, 2);
  });

  it('starts while the API server is down, and works once it is up', async () => {
    await controlPlane.stopApiServer();
    const operator = await start();
    await soon(() => {
      expect(operator.log().map(({ msg }) => msg)).to.include('the API server does not answer, trying again');
    });
    await controlPlane.startApiServer();
    await operator.untilReady();
    await create('started-blind');
    await untilHandled('started-blind');
  });

  it('survives storage that is down for 20 s: what serves stays, a new object waits, nothing is rolled out', async () => {
    const operator = await start();
    await operator.untilReady();
    await create('stored');
    await untilHandled('stored');
    await operator.untilQuiet();
    const { metadata } = await objects.get('deployment', 'stored');
    await emulator.stopServer();
    await create('unstored', { model: { path: bucket.path('other.onnx') } });
    await soon(async () =>
      expect(conditionOf(await objects.get('modelDeployment', 'unstored'), 'Ready')).to.match(
        /^False StorageUnavailable/,
      ),
    );
    // An operator that starts now knows nothing but what the Deployment tells.
    await operator.stop();
    const next = await start();
    await next.untilReady();
    await objects.patch('modelDeployment', 'stored', { spec: { service: { port: 8080 } } });
    await soon(async () => expect((await objects.get('service', 'stored')).spec.ports[0].port).to.equal(8080));
    await delay(OUTAGE_MS);
    const during = await objects.get('deployment', 'stored');
    expect(during.metadata.generation).to.equal(metadata.generation);
    expect(await objects.find('deployment', 'unstored')).to.equal(undefined);
    await emulator.startServer();
    await untilHandled('unstored');
    await untilHandled('stored');
    expect((await objects.get('deployment', 'stored')).metadata.generation).to.equal(metadata.generation);
  });

  it('converges after being killed at any moment', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `killed-${index}`);
    for (const [index, name] of names.entries()) {
      const operator = await start();
      await operator.untilReady();
      await create(name, { replicas: 2 });
      // A different point of the pass each time: some 10 ms from the first write to the last.
      await delay(index * 8);
      await operator.stop('SIGKILL');
    }
    const operator = await start();
    for (const name of names) await untilHandled(name);
    await operator.untilQuiet();
    expect(await objects.list('deployment')).to.have.lengthOf.at.least(names.length);
    const story = (await Promise.all(names.map((name) => objects.events(name)))).flat();
    expect(story.filter((event) => /DriftRepaired|ChildNotOwned|InvalidSpec/.test(event))).to.deep.equal([]);
  });

  describe('leader election', () => {
    const env = { LEADER_ELECT: 'true', POD_NAMESPACE: 'default' };

    it('has one leader; another leads within seconds of SIGTERM, and within 20 s of SIGKILL', async () => {
      const [first, second] = await Promise.all([start(env), start(env)]);
      await Promise.all([first.untilReady(), second.untilReady()]);
      const leaderOf = async (candidates: OperatorProcess[]): Promise<OperatorProcess> =>
        soon(async () => {
          const leading = await Promise.all(candidates.map((candidate) => candidate.metric('leader')));
          expect(leading.filter((isLeader) => isLeader === 1)).to.have.lengthOf(1);
          return candidates[leading.indexOf(1)]!;
        });
      const leader = await leaderOf([first, second]);
      const standby = leader === first ? second : first;
      await leader.stop('SIGTERM');
      expect(leader.exitCode).to.equal(0);
      expect(await leaderOf([standby])).to.equal(standby);
      await create(`led-${randomUUID().slice(0, 4)}`);
      const third = await start(env);
      await third.untilReady();
      await standby.stop('SIGKILL');
      await leaderOf([third]);
      const name = `led-${randomUUID().slice(0, 4)}`;
      await create(name);
      await untilHandled(name);
    });

    it('writes nothing more and ends when it cannot renew its lease', async () => {
      const operator = await start(env);
      await operator.untilReady();
      await soon(async () => expect(await operator.metric('leader')).to.equal(1));
      await controlPlane.stopApiServer();
      await soon(() => expect(operator.hasExited).to.equal(true));
      expect(operator.exitCode).to.equal(1);
      await controlPlane.startApiServer();
    });
  });
});
