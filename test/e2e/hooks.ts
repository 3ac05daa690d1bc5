import type { Context, RootHookObject } from 'mocha';
import { openCluster } from '../../dev/cluster/open.ts';
import { install, uninstall } from '../../dev/installation.ts';
import { setInstallation } from './installation.ts';

/** Tool builds, image builds and a cluster, the first time. */
const SETUP_TIMEOUT_MS = 30 * 60_000;

const cluster = await openCluster({ name: process.env['CLUSTER_NAME'] || 'e2e', ownedByThisProcess: true });

/** One cluster for all end-to-end tests; it goes with this process, however that ends. */
export const mochaHooks: RootHookObject = {
  async beforeAll(this: Context) {
    this.timeout(SETUP_TIMEOUT_MS);
    setInstallation(await install(cluster), cluster);
  },
  async afterAll(this: Context) {
    this.timeout(120_000);
    if (!cluster.isOurs) await uninstall(await cluster.up(() => {}));
    await cluster.down();
  },
};
