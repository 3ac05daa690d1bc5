import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../../../dev/command.ts';
import { ensureTools } from '../../../dev/tools.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const WORKFLOWS = join(ROOT, '.github', 'workflows');

describe('GitHub workflows', function () {
  this.timeout(60_000);
  const files = readdirSync(WORKFLOWS).map((name) => join(WORKFLOWS, name));

  it('are what actionlint takes for right', async () => {
    const { actionlint } = await ensureTools(['actionlint']);
    // Shell and Python are looked at by programs that are not on every machine.
    expect(await run(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files])).to.equal('');
  });

  it('call only make targets that exist', () => {
    const targets = readFileSync(join(ROOT, 'Makefile'), 'utf8').matchAll(/^([a-z0-9-]+):/gm);
    const known = new Set([...targets].map(([, name]) => name));
    const called = files
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/run: make (.+)$/gm)])
      .flatMap(([, names = '']) => names.split(' '));
    expect(called).to.include.members(['test', 'test-e2e', 'images', 'release']);
    expect(called.filter((name) => !known.has(name))).to.deep.equal([]);
  });
});
