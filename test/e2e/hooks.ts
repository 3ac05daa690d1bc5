import type { Context, RootHookObject } from 'mocha';
import { openCluster } from '../../dev/cluster/open.ts';
import { install, uninstall } from '../../dev/installation.ts';
import { ensureTools } from '../../dev/tools.ts';
import { FAULTY_STORAGE_HOST, startFaultyStorage } from './faulty-storage.ts';
import { setInstallation } from './installation.ts';

/** Tool builds, image builds and a cluster, the first time. */
const SETUP_TIMEOUT_MS = 30 * 60_000;

/** KEEP_CLUSTER=1: the cluster stays, for a look at it and for the next run, which then begins in seconds. */
const isKept = process.env['KEEP_CLUSTER'] === '1';
const cluster = await openCluster({ name: process.env['CLUSTER_NAME'] || 'e2e', ownedByThisProcess: !isKept });

/** What single tests need, made before any of them, whose time is for the test. */
async function makeTools(): Promise<void> {
  if (!cluster.isOurs) return;
  const tools = ['crane', ...(cluster.pulls ? [] : (['metrics-server', 'network-policies'] as const))] as const;
  await ensureTools(tools, { report: (line) => console.log(`    ${line}`) });
}

/** One cluster for all end-to-end tests; it goes with this process, however that ends. */
export const mochaHooks: RootHookObject = {
  async beforeAll(this: Context) {
    this.timeout(SETUP_TIMEOUT_MS);
    await makeTools();
    const installation = await install(cluster, { storageHost: FAULTY_STORAGE_HOST });
    await startFaultyStorage(installation.kubectl, installation.runtimeImage);
    setInstallation(installation, cluster);
  },
  async afterAll(this: Context) {
    this.timeout(120_000);
    if (isKept) return;
    if (!cluster.isOurs) await uninstall(await cluster.up(() => {}));
    await cluster.down();
  },
};
