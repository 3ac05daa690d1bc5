import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'chai';
import type { ModelCollection } from './models.ts';
import { badModels, sampleModel, sampleModels } from './models.ts';

describe('sample models', () => {
  for (const collection of ['fixtures', 'zoo'] satisfies ModelCollection[]) {
    it(`of ${collection} are the files their manifest describes`, () => {
      const models = sampleModels(collection);
      expect(models.length).to.be.greaterThan(10);
      for (const { file, extraFiles, sha256 } of models) {
        const hashes = [file, ...extraFiles].map((path) => [basename(path), hash(path)]);
        expect(Object.fromEntries(hashes)).to.deep.equal(sha256);
      }
    });

    it(`of ${collection} have one answer for each row`, () => {
      for (const { name, rows, expected } of sampleModels(collection)) {
        expect(Object.keys(expected), name).to.not.be.empty;
        for (const answers of Object.values(expected)) expect(answers, name).to.have.lengthOf(rows.length);
      }
    });
  }

  it('keep every digit of 64-bit integers', () => {
    expect(sampleModel('int64-wide', 'zoo').rows[0]).to.deep.equal([9007199254740993n, 9007199254740993n]);
  });

  it('are refused by name when they do not exist', () => {
    expect(() => sampleModel('nothing')).to.throw('fixtures/manifest.json has no model nothing');
  });

  it('include files that must be refused', () => {
    const sizes = badModels().map(({ name, file }) => [name, readFileSync(file).length]);
    expect(sizes).to.deep.include(['empty', 0]);
    expect(sizes).to.have.lengthOf(6);
  });
});

function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
