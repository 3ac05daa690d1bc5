import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { assemble, bytesSource, segmentsSize } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import { badModels, sampleModels } from '../../support/models.ts';
import { makeMutator } from '../../support/mutate.ts';

const FILES = 3000;
const SEED = 20_251;

describe('damaged files', () => {
  it(`${FILES} of them are read or refused with a reason, never anything else`, () => {
    const originals = [...sampleModels('fixtures'), ...sampleModels('zoo'), ...badModels()].map(({ file }) =>
      readFileSync(file),
    );
    const mutate = makeMutator(SEED);
    const outcomes = { read: 0, rewritten: 0, refused: 0 };
    for (let count = 0; count < FILES; count += 1) {
      const source = bytesSource(
        mutate(originals[count % originals.length]!, originals[(count * 7 + 3) % originals.length]!),
      );
      try {
        const { rewritten } = readModel(source);
        outcomes[rewritten ? 'rewritten' : 'read'] += 1;
        if (rewritten) expect(assemble(source, rewritten).length).to.equal(segmentsSize(rewritten));
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw error;
        expect(error.reason).to.be.oneOf(['ModelInvalid', 'ModelUnsupported']);
        expect(error.message).to.match(/^[A-Z].*\.$/);
        outcomes.refused += 1;
      }
    }
    // The damage is neither so small nor so great that one of these would not be tried.
    for (const [outcome, count] of Object.entries(outcomes)) expect(count, outcome).to.be.above(FILES / 50);
  });
});
