import { expect } from 'chai';
import { array, assert, double, integer, property } from 'fast-check';
import { Arrivals } from '../../../../bench/runtime/load/arrivals.ts';

const make = (ratePerSecond: number, durationMs: number): Arrivals =>
  new Arrivals({ startMs: 1000, ratePerSecond, durationMs });

describe('arrivals of a fixed rate', () => {
  it('are due at equal distances from the start', () => {
    const arrivals = make(100, 50);
    expect(arrivals.take(2000)).to.deep.equal([1000, 1010, 1020, 1030, 1040]);
    expect(arrivals.isOver).to.equal(true);
    expect(arrivals.nextMs()).to.equal(undefined);
  });

  it('are not due before their time', () => {
    const arrivals = make(100, 1000);
    expect(arrivals.take(999)).to.deep.equal([]);
    expect(arrivals.nextMs()).to.equal(1000);
    expect(arrivals.take(1015)).to.deep.equal([1000, 1010]);
    expect(arrivals.nextMs()).to.equal(1020);
  });

  it('keep the times they were due when nobody asked for a while, so that a stall of the client or the server counts', () => {
    const arrivals = make(1000, 100);
    expect(arrivals.take(1000)).to.deep.equal([1000]);
    const late = arrivals.take(1050);
    expect(late).to.have.length(50);
    expect(late[0]).to.equal(1001);
  });

  it('are the same however often one asks', () => {
    assert(
      property(
        integer({ min: 1, max: 500 }),
        integer({ min: 1, max: 1000 }),
        array(double({ min: 0, max: 4000, noNaN: true })),
        (ratePerSecond, durationMs, asked) => {
          const arrivals = make(ratePerSecond, durationMs);
          const taken = [...asked].sort((a, b) => a - b).flatMap((nowMs) => arrivals.take(nowMs));
          taken.push(...arrivals.take(Infinity));
          expect(taken).to.deep.equal(make(ratePerSecond, durationMs).take(Infinity));
          expect(taken).to.have.length(arrivals.count);
          expect(arrivals.isOver).to.equal(true);
        },
      ),
    );
  });

  it('refuses a rate and a duration of nothing', () => {
    expect(() => make(0, 100)).to.throw(RangeError);
    expect(() => make(10, 0)).to.throw(RangeError);
    expect(() => make(NaN, 100)).to.throw(RangeError);
  });
});
