import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { logTail, startGuarded } from '../../dev/guarded-process.ts';
import { eventually } from '../support/eventually.ts';
import { isRunning } from '../support/is-running.ts';
import { rejectionOf } from '../support/thrown.ts';

describe('startGuarded', () => {
  let directory: string;
  let logFile: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'modeldeployment guarded-'));
    logFile = join(directory, 'log');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('stops a process and tells that it has ended', async () => {
    const process = await startGuarded('sleep', ['600'], { logFile });
    expect(process.hasExited()).to.equal(false);
    await process.stop();
    expect(process.hasExited()).to.equal(true);
    expect(isRunning(process.pid)).to.equal(false);
    await process.stop();
  });

  it('keeps what a process wrote', async () => {
    const process = await startGuarded('sh', ['-c', 'echo out; echo err >&2; exit 3'], { logFile });
    await process.exited;
    expect(process.hasExited()).to.equal(true);
    expect(logTail(logFile, 1)).to.equal('err');
    expect(readFileSync(logFile, 'utf8')).to.equal('out\nerr\n');
  });

  it('rejects for a program that is not there', async () => {
    const error = await rejectionOf(Error, startGuarded(join(directory, 'nothing'), [], { logFile }));
    expect(error).to.have.property('code', 'ENOENT');
  });

  describe('leaves neither processes nor folders behind a parent that', () => {
    for (const { name, end, kill } of [
      { name: 'is killed (SIGKILL)', end: 'setInterval(() => {}, 1000)', kill: 'SIGKILL' as const },
      { name: 'is interrupted (Ctrl-C)', end: 'setInterval(() => {}, 1000)', kill: 'SIGINT' as const },
      { name: 'throws', end: 'setImmediate(() => { throw new Error("expected by the test") })' },
      { name: 'calls process.exit()', end: 'process.exit(0)' },
      { name: 'simply ends', end: '' },
    ]) {
      it(name, async () => {
        const parent = startParent(directory, end);
        const lines = createInterface({ input: parent.stdout });
        const [pids] = (await once(lines, 'line')) as [string];
        const [child, grandchild] = pids.split(' ').map(Number) as [number, number];
        if (kill !== undefined) {
          expect(isRunning(child), 'child before').to.equal(true);
          expect(isRunning(grandchild), 'grandchild before').to.equal(true);
          parent.kill(kill);
        }
        await eventually(() => {
          expect(isRunning(child), 'child').to.equal(false);
          expect(isRunning(grandchild), 'grandchild').to.equal(false);
          expect(existsSync(join(directory, 'data')), 'folder').to.equal(false);
        });
      });
    }
  });

  /** Starts a shell with a child of its own under guard, prints the process ids of both, then does `end`. */
  function startParent(directory: string, end: string) {
    const guardedProcess = join(import.meta.dirname, '..', '..', 'dev', 'guarded-process.ts');
    const script = `
      import { mkdirSync, readFileSync } from 'node:fs';
      import { startGuarded, removeAtExit } from ${JSON.stringify(guardedProcess)};
      const data = ${JSON.stringify(join(directory, 'data'))};
      mkdirSync(data);
      removeAtExit(data);
      const logFile = data + '/log';
      const guarded = await startGuarded('sh', ['-c', 'sleep 600 & echo $!; wait'], { logFile });
      let grandchild = '';
      while (!grandchild.endsWith('\\n')) {
        grandchild = readFileSync(logFile, 'utf8');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      console.log(guarded.pid, grandchild.trim());
      ${end}
    `;
    return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  }
});
