import { expect } from 'chai';
import { durationToMs } from '../../../operator/api/duration.ts';

describe('durationToMs', () => {
  const rows: readonly (readonly [text: string, milliseconds: number])[] = [
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['1h1m1s1ms', 3_661_001],
    ['0s', 0],
  ];
  for (const [text, milliseconds] of rows) {
    it(`reads ${text}`, () => {
      expect(durationToMs(text)).to.equal(milliseconds);
    });
  }

  for (const wrong of ['', '30', 's', '30 s', '-1s', '1d', '1s and more', 'PT30S']) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(() => durationToMs(wrong)).to.throw(RangeError);
    });
  }
});
