import { expect } from 'chai';
import { assert, double, property } from 'fast-check';
import { fitTrend, judge, type Sample } from '../../../bench/soak/trend.ts';

const MINUTE = 1 / 60;
const line = (slope: number, wobble: (index: number) => number = () => 0): Sample[] =>
  Array.from({ length: 120 }, (_, index) => ({
    hours: index * MINUTE,
    value: 100 + slope * index * MINUTE + wobble(index),
  }));

describe('trend of memory', () => {
  it('finds the slope of any line', () => {
    assert(
      property(double({ min: -50, max: 50, noNaN: true }), (slope) => {
        const trend = fitTrend(line(slope));
        expect(trend.slope).to.be.closeTo(slope, 1e-6);
        expect(trend.error).to.be.lessThan(1e-6);
      }),
    );
  });

  it('is not misled by a garbage collector that saws', () => {
    const trend = fitTrend(line(0, (index) => index % 7));
    expect(Math.abs(trend.slope)).to.be.lessThan(1);
    expect(trend.error).to.be.greaterThan(0);
  });

  it('refuses too few samples', () => {
    expect(() => fitTrend(line(1).slice(0, 23))).to.throw(RangeError);
  });

  for (const [slope, error, verdict] of [
    [0, 1, 'flat'],
    [-20, 1, 'flat'],
    [4, 1, 'cannot tell'],
    [6, 1, 'cannot tell'],
    [8, 1, 'grows'],
    [0, 4, 'cannot tell'],
  ] as const) {
    it(`judges ${slope} ± ${error} with a limit of 5: ${verdict}`, () => {
      expect(judge({ slope, error }, 5)).to.equal(verdict);
    });
  }
});
