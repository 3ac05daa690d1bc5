import { expect } from 'chai';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import type { StorageEmulator } from '../../../dev/storage-emulator.ts';
import { isInShard } from '../../../operator/shard.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from '../../support/bucket.ts';
import { ClusterObjects } from '../../support/cluster-objects.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { soon } from '../../support/operator-bed.ts';
import { startOperator, type OperatorProcess } from '../../support/operator-process.ts';

const COUNT = 2;
const MODELS = 12;
const WRITES = ['create', 'update', 'patch', 'delete'];

describe('operators that share the ModelDeployments of a cluster', function () {
  this.timeout(180_000);
  let controlPlane: ControlPlane;
  let namespace: string;
  let objects: ClusterObjects;
  let emulator: StorageEmulator;
  let bucket: TestBucket;
  const operators: OperatorProcess[] = [];
  const names = Array.from({ length: MODELS }, (_, index) => `shared-${index}`);

  before(async () => {
    emulator = await sharedStorageEmulator();
    controlPlane = await sharedControlPlane();
    namespace = await freshNamespace(controlPlane, 'sharding');
    objects = new ClusterObjects(controlPlane.kubeconfig, namespace);
    bucket = await freshBucket(emulator);
    await bucket.upload('model.onnx', 'a model');
    for (let index = 1; index <= COUNT; index += 1) operators.push(await start(index));
    await Promise.all(operators.map((operator) => operator.untilReady()));
  });
  after(async () => {
    for (const operator of operators) await operator.stop('SIGKILL');
  });

  async function start(index: number): Promise<OperatorProcess> {
    return startOperator({
      kubeconfig: await controlPlane.addUser({ name: userOf(index), clusterRole: 'cluster-admin' }),
      env: {
        STORAGE_EMULATOR_HOST: emulator.url,
        WATCH_NAMESPACES: namespace,
        POD_NAMESPACE: namespace,
        LEADER_ELECT: 'true',
        SHARD: `${index}/${COUNT}`,
      },
    });
  }

  function userOf(index: number): string {
    return `${namespace}-shard-${index}`;
  }

  function shardOf(name: string): number {
    return 1 + [1, 2].findIndex((index) => isInShard(`${namespace}/${name}`, { index, count: COUNT }));
  }

  /** Users that wrote, by the name of the ModelDeployment whose status or child it was. */
  async function writers(): Promise<Map<string, Set<string>>> {
    const requests = await controlPlane.requests({ namespace, verb: WRITES });
    const users = new Set(operators.map((_, index) => userOf(index + 1)));
    const byName = new Map<string, Set<string>>();
    for (const { user, name = '', resource } of requests) {
      if (!users.has(user) || resource === 'leases' || resource === 'events') continue;
      byName.set(name, (byName.get(name) ?? new Set()).add(user));
    }
    return byName;
  }

  async function untilReplicas(name: string, replicas: number): Promise<void> {
    await soon(async () => expect((await objects.get('deployment', name)).spec.replicas).to.equal(replicas));
  }

  it('has each ModelDeployment brought about by exactly one of them, each of which leads its shard', async () => {
    for (const name of names) await objects.createModelDeployment(name, { model: { path: bucket.path('model.onnx') } });
    for (const name of names) await untilReplicas(name, 1);
    await soon(async () => {
      for (const name of names)
        expect((await objects.get('modelDeployment', name)).status?.observedGeneration).to.equal(1);
    });
    const seen = await writers();
    expect([...seen.keys()].sort()).to.deep.equal([...names].sort());
    for (const name of names) expect([...(seen.get(name) ?? [])], name).to.deep.equal([userOf(shardOf(name))]);
    expect(new Set(names.map(shardOf)), 'both have work').to.deep.equal(new Set([1, 2]));
    for (const operator of operators) expect(await operator.metric('leader')).to.equal(1);
  });

  it('goes on with the others while one is away, which catches up when it is back', async () => {
    const [away, other] = [1, 2].map((index) => names.find((name) => shardOf(name) === index)!) as [string, string];
    await operators[0]!.stop('SIGTERM');
    for (const name of [away, other]) await objects.patch('modelDeployment', name, { spec: { replicas: 2 } });
    await untilReplicas(other, 2);
    expect((await objects.get('deployment', away)).spec.replicas, 'nobody else takes it').to.equal(1);
    operators[0] = await start(1);
    await untilReplicas(away, 2);
    const seen = await writers();
    for (const name of [away, other]) expect([...(seen.get(name) ?? [])]).to.deep.equal([userOf(shardOf(name))]);
  });
});
