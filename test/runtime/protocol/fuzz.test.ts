import { expect } from 'chai';
import { RequestError } from '../../../runtime/errors.ts';
import { DECODERS, TOKENS } from '../../support/fuzzed-decoders.ts';
import { makeMutator } from '../../support/mutate.ts';

/** `dev/fuzz-decoders.ts` does the same at length. */
const INPUTS = 1_000;

describe('decoders under random damage', () => {
  for (const { name, seeds, decode } of DECODERS) {
    it(`${name}: take or refuse, and nothing else`, () => {
      const mutate = makeMutator(20_261_123, TOKENS);
      const outcomes = { taken: 0, refused: 0 };
      for (let count = 0; count < INPUTS; count += 1) {
        const [original, fitting] = seeds[count % seeds.length]!;
        const [other, stranger] = seeds[(count * 7 + 3) % seeds.length]!;
        try {
          decode(mutate(original, other), count % 8 === 0 ? stranger : fitting, count);
          outcomes.taken += 1;
        } catch (error) {
          if (!(error instanceof RequestError) || error.status >= 500) throw error;
          outcomes.refused += 1;
        }
      }
      expect(outcomes.taken, 'bodies that are still right').to.be.greaterThan(0);
      expect(outcomes.refused, 'bodies that are wrong').to.be.greaterThan(0);
    });
  }
});
