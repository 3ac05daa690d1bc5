import { expect } from 'chai';
import { RequestPacer } from '../../../operator/cluster/request-pacer.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('request pacer', () => {
  let clock: FakeClock;
  let pacer: RequestPacer;
  let made: number;
  const request = (): void => void pacer.ready().then(() => (made += 1));

  beforeEach(() => {
    clock = new FakeClock();
    pacer = new RequestPacer(clock, () => 0.5);
    made = 0;
  });

  for (const { name, retryAfterMs, releasedAfterMs } of [
    { name: 'at once when nothing was refused', retryAfterMs: undefined, releasedAfterMs: 0 },
    { name: 'not before Retry-After, and a little later', retryAfterMs: 2_000, releasedAfterMs: 2_200 },
    { name: 'not as late as an absurd Retry-After asks', retryAfterMs: 3_600_000, releasedAfterMs: 33_000 },
  ]) {
    it(`lets requests go ${name}`, async () => {
      pacer.onRefused(retryAfterMs);
      request();
      expect(made).to.equal(0);
      await clock.advance(Math.max(0, releasedAfterMs - 1));
      expect(made).to.equal(releasedAfterMs === 0 ? 1 : 0);
      await clock.advance(1);
      expect(made).to.equal(1);
    });
  }

  it('keeps back whoever waits already when the API server asks again', async () => {
    pacer.onRefused(1_000);
    request();
    await clock.advance(500);
    pacer.onRefused(1_000);
    await clock.advance(1_099);
    expect(made).to.equal(0);
    await clock.advance(1);
    expect(made).to.equal(1);
  });
});
