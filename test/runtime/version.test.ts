import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VERSION } from '../../runtime/version.ts';

describe('VERSION', () => {
  it('is the one of package.json', () => {
    const file = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
    expect((JSON.parse(file) as { version: string }).version).to.equal(VERSION);
  });
});
