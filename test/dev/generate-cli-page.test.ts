import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { CLI_PAGE, generateCliPage } from '../../dev/generate-cli-page.ts';

describe('docs/cli.md', () => {
  it('is what --help says (else: npm run generate)', async () => {
    expect(await readFile(CLI_PAGE, 'utf8')).to.equal(generateCliPage());
  });
});
