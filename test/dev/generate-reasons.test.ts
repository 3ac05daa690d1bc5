import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { generateReasons, REASONS_FILE } from '../../dev/generate-reasons.ts';
import { REASONS, type ReasonDoc } from '../../operator/api/model-deployment.ts';
import { FAILURE_REASONS } from '../../runtime/contract.ts';

describe('reasons', () => {
  it('are all in docs/reasons.md as they are in the code (else: npm run generate)', async () => {
    expect(await readFile(REASONS_FILE, 'utf8')).to.equal(generateReasons());
  });

  for (const [reason, doc] of Object.entries(REASONS) as [string, ReasonDoc][]) {
    it(`tell of ${reason} what it means, why it happens and what to do, in sentences`, () => {
      for (const text of [doc.meaning, ...doc.causes]) expect(text).to.match(/^[A-Za-z].{10,}\.$/);
      expect(doc.causes).not.to.be.empty;
      expect(doc.nextCommand).to.match(/^(kubectl|gcloud|sha256sum) /);
    });
  }

  it('include everything that the runtime may say', () => {
    expect(Object.keys(REASONS)).to.include.members([...FAILURE_REASONS]);
  });
});
