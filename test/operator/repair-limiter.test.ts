import { expect } from 'chai';
import { RepairLimiter } from '../../operator/repair-limiter.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('repair limiter', () => {
  it('allows five at once, then one in ten seconds, for each object', async () => {
    const clock = new FakeClock();
    const limiter = new RepairLimiter(clock);
    for (let repair = 0; repair < 5; repair += 1) expect(limiter.take('a')).to.equal(0);
    expect(limiter.take('a')).to.equal(10_000);
    expect(limiter.take('b')).to.equal(0);
    await clock.advance(4_000);
    expect(limiter.take('a')).to.equal(6_000);
    await clock.advance(6_000);
    expect(limiter.take('a')).to.equal(0);
    expect(limiter.take('a')).to.equal(10_000);
    await clock.advance(60_000);
    for (let repair = 0; repair < 5; repair += 1) expect(limiter.take('a')).to.equal(0);
    expect(limiter.take('a')).to.equal(10_000);
  });

  for (const byMs of [3_600_000, -3_600_000]) {
    it(`takes no notice when the time of day is set by ${byMs / 3_600_000} h`, () => {
      const clock = new FakeClock();
      const limiter = new RepairLimiter(clock);
      for (let repair = 0; repair < 5; repair += 1) limiter.take('a');
      clock.jump(byMs);
      expect(limiter.take('a')).to.equal(10_000);
    });
  }
});
