import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../../../dev/command.ts';
import { readImageStart } from '../../../dev/images/image-start.ts';
import { freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { ClusterObjects } from '../../support/cluster-objects.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { soon } from '../../support/operator-bed.ts';
import { startOperator } from '../../support/operator-process.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What the image starts, with its flags: packages are cut down to what is used, which must be all that is needed. */
describe('bundled operator', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    // Below the checkout, whose node_modules it needs.
    await mkdir(join(ROOT, 'dist'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'dist', 'bundle-test-'));
    await run(process.execPath, [join(ROOT, 'dev', 'images', 'bundle.ts'), 'operator', folder]);
  });
  after(() => rm(folder, { recursive: true }));

  it('leads, asks storage, and makes the children of a ModelDeployment', async () => {
    const [controlPlane, emulator] = await Promise.all([sharedControlPlane(), sharedStorageEmulator()]);
    const namespace = await freshNamespace(controlPlane, 'bundled');
    const objects = new ClusterObjects(controlPlane.kubeconfig, namespace);
    const bucket = await freshBucket(emulator);
    await bucket.upload('model.onnx', 'a model');
    const operator = await startOperator({
      kubeconfig: await controlPlane.addUser({ name: `${namespace}-operator`, clusterRole: 'cluster-admin' }),
      command: [...readImageStart(ROOT, 'operator').flags, join(folder, 'operator', 'main.js')],
      env: {
        STORAGE_EMULATOR_HOST: emulator.url,
        WATCH_NAMESPACES: namespace,
        POD_NAMESPACE: namespace,
        LEADER_ELECT: 'true',
      },
    });
    try {
      await objects.createModelDeployment('bundled', { model: { path: bucket.path('model.onnx') } });
      await soon(async () => {
        expect((await objects.get('service', 'bundled')).metadata?.name).to.equal('bundled');
      });
      expect(await operator.metrics()).to.include('modeldeployment_operator_leader 1');
    } finally {
      await operator.stop();
    }
    expect(operator.exitCode).to.equal(0);
  });
});
