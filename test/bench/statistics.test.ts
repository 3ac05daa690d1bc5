import { expect } from 'chai';
import { array, assert, integer, property } from 'fast-check';
import { median, pairedRatios, summarize } from '../../bench/statistics.ts';

describe('statistics of the benchmarks', () => {
  it('takes the middle value', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(median([7])).to.equal(7);
  });

  it('has as many values above the median as below, and leaves its input alone', () => {
    assert(
      property(array(integer(), { minLength: 1 }), (values) => {
        const before = [...values];
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).to.be.at.most(values.length / 2);
        expect(values.filter((value) => value > middle).length).to.be.at.most(values.length / 2);
        expect(values).to.deep.equal(before);
      }),
    );
  });

  it('says how far values lie apart', () => {
    expect(summarize([5, 1, 3])).to.deep.equal({ median: 3, min: 1, max: 5 });
  });

  it('compares rounds with each other, so that a slow round of both is no difference', () => {
    expect(pairedRatios([100, 10, 50], [50, 5, 20])).to.deep.equal({ median: 2, min: 2, max: 2.5 });
  });

  it('refuses what has no answer', () => {
    expect(() => median([])).to.throw(RangeError);
    expect(() => pairedRatios([], [])).to.throw(RangeError);
    expect(() => pairedRatios([1, 2], [1])).to.throw(RangeError);
  });
});
