import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepLatelyUsed } from '../../dev/images.ts';

describe('image archives in the cache', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** @returns what is left when `used` is used and the others were made in this order, an hour apart */
  async function leftOf(names: readonly string[], used: string): Promise<string[]> {
    for (const [index, name] of names.entries()) {
      await writeFile(join(folder, name), '');
      const hour = new Date(Date.UTC(2026, 0, 1, index));
      await utimes(join(folder, name), hour, hour);
    }
    await keepLatelyUsed(folder, 'runtime-', join(folder, used));
    return (await readdir(folder)).sort();
  }

  it('are kept while others were used longer ago, whichever checkout uses them', async () => {
    const names = ['runtime-a.tar', 'runtime-b.tar', 'runtime-c.tar', 'runtime-d.tar', 'runtime-e.tar'];
    expect(await leftOf(names, 'runtime-a.tar')).to.deep.equal([
      'runtime-a.tar',
      'runtime-c.tar',
      'runtime-d.tar',
      'runtime-e.tar',
    ]);
  });

  it('go alone: other images, and what another process is writing, stay', async () => {
    const others = ['operator-1.tar', 'runtime-x.tar.part', 'runtime.log'];
    const names = [...others, 'runtime-1.tar', 'runtime-2.tar', 'runtime-3.tar', 'runtime-4.tar', 'runtime-5.tar'];
    const left = await leftOf(names, 'runtime-5.tar');
    expect(left).to.include.members(others);
    expect(left).not.to.include('runtime-1.tar');
    expect(left).to.have.length(names.length - 1);
  });
});
