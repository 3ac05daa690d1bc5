import { expect } from 'chai';
import { firstDifference } from '../../runtime/compare-answers.ts';

describe('firstDifference', () => {
  for (const [name, expected, actual] of [
    ['equal', { label: 'a', n: [1, null, true] }, { label: 'a', n: [1, null, true] }],
    ['numbers within the tolerance', [0.5, 1000], [0.500009, 1000.009]],
    ['a part of the answer', { label: 'a' }, { label: 'a', probabilities: { a: 1 } }],
    ['wide integers', 9007199254740993n, 9007199254740993n],
    ['an integer and a float', 1, 1n],
  ] as const) {
    it(`finds none: ${name}`, () => {
      expect(firstDifference(expected, actual, { path: 'p', tolerance: 1e-5 })).to.equal(undefined);
    });
  }

  for (const [name, expected, actual, difference] of [
    ['a number', [1, 2, 3], [1, 2.5, 9], 'p[1]: expected 2, got 2.5'],
    ['far below the tolerance of large ones', 0.1, 0.1001, 'p: expected 0.1, got 0.1001'],
    ['text', { label: 'a' }, { label: 'b' }, 'p.label: expected "a", got "b"'],
    ['a label of another type', { label: '1' }, { label: 1 }, 'p.label: expected "1", got 1'],
    ['a missing member', { label: 'a' }, { score: 1 }, 'p.label: expected "a", got nothing'],
    ['a list for a value', [1], 1, 'p: expected [1], got 1'],
    ['too few entries', [1, 2], [1], 'p: expected 2 entries, got 1'],
    ['null for a number', [null], [0], 'p[0]: expected null, got 0'],
    ['a number for null', 0, null, 'p: expected 0, got null'],
    ['an object for a value', 'a', { label: 'a' }, 'p: expected "a", got {"label":"a"}'],
  ] as const) {
    it(`finds ${name}`, () => {
      expect(firstDifference(expected, actual, { path: 'p', tolerance: 1e-5 })).to.equal(difference);
    });
  }

  it('shortens long values', () => {
    const difference = firstDifference('x'.repeat(500), 1, { path: 'p', tolerance: 0 });
    expect(difference).to.have.length.below(130);
  });
});
