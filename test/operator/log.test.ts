import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const LOG = join(import.meta.dirname, '..', '..', 'operator', 'log.ts');
/** Logs twice, tells on standard error that it is alive, and ends. */
const SCRIPT = `
const { createLogger, logProcessWarnings } = await import(${JSON.stringify(LOG)});
const log = createLogger('info');
logProcessWarnings(log);
process.emitWarning('nobody can act on this');
log.info({ about: 'iris' }, 'first');
await new Promise((resolve) => setTimeout(resolve, 10));
log.warn({ err: new Error('outer', { cause: new Error('inner') }) }, 'second');
process.stderr.write('alive');
`;

async function run(redirect: string): Promise<{ stdout: string; stderr: string }> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', '"$1"'];
  return promisify(execFile)('sh', ['-c', `exec ${node.join(' ')} ${redirect}`, 'sh', SCRIPT], { timeout: 8_000 });
}

describe('log of the operator', () => {
  it('writes lines of JSON', async () => {
    const { stdout } = await run('');
    const [first, second] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).to.include({ level: 30, about: 'iris', msg: 'first' });
    expect(first?.['time']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(second).to.include({ level: 40, msg: 'second' });
    expect(JSON.stringify(second)).to.include('inner');
  });

  it('loses lines when the disk is full, and the operator goes on', async function () {
    if (!existsSync('/dev/full')) this.skip();
    expect((await run('>/dev/full')).stderr).to.equal('alive');
  });

  it('loses lines when nobody reads any more, and the operator goes on', async () => {
    expect((await run('| true')).stderr).to.equal('alive');
  });
});
