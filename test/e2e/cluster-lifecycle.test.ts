import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { run } from '../../dev/command.ts';
import { exists } from '../../dev/tools/cache.ts';

const NODE = join(import.meta.dirname, '..', '..', 'dev', 'cluster', 'namespaced-node.ts');
/** Brings a cluster up, says so, and stays. */
const OWNER = `
import { NamespacedNode } from ${JSON.stringify(NODE)};
await new NamespacedNode({ directory: process.argv[1], ownedByThisProcess: true }).up(() => {});
console.log('up');
setInterval(() => {}, 60_000);
`;
const DOWN_TIMEOUT_MS = 30_000;

/** The node in namespaces, beside the cluster of the other tests. */
describe('a cluster whose owner is killed', () => {
  let directory: string;

  before(async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip();
    directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('leaves no process, interface, route, rule or cgroup behind', async () => {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(owner, 'exit');
    const up = await Promise.race([once(owner.stdout, 'data').then(() => true), exited.then(() => false)]);
    expect(up, 'the cluster came up').to.equal(true);
    const network = /NET=10\.(\d+)/.exec(await readFile(join(directory, 'state', 'env'), 'utf8'))![1]!;
    const cgroups = (await readFile(join(directory, 'state', 'cgroups'), 'utf8')).trim().split('\n');
    expect(await traces(directory, network)).to.have.length.above(5);

    owner.kill('SIGKILL');
    await exited;

    const deadline = performance.now() + DOWN_TIMEOUT_MS;
    while ((await exists(join(directory, 'state'))) && performance.now() < deadline) await delay(100);
    expect(await traces(directory, network)).to.deep.equal([]);
    expect(await Promise.all(cgroups.map(exists))).not.to.include(true);
    expect(await exists(join(directory, 'state'))).to.equal(false);
  });
});

/** Interfaces, routes and processes of the cluster in that folder and network. */
async function traces(directory: string, network: string): Promise<string[]> {
  const lines = [await run('ip', ['-br', 'link']), await run('ip', ['-4', 'route', 'show', 'table', 'all'])]
    .flatMap((output) => output.split('\n'))
    .filter((line) => line.includes(`md-${network}@`) || line.includes(`10.${network}.`));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`CLUSTER_DIR=${directory}`)) lines.push(`process ${pid}`);
  }
  return lines;
}
