import { expect } from 'chai';
import { OtherBytesError } from '../../storage/download-source.ts';
import { OtherGenerationError, refuseOtherBytes } from '../../storage/gcs-ranges.ts';

describe('refuseOtherBytes', () => {
  const asked = { generation: '7', sizeBytes: 30, start: 10, end: 20 };
  const whole = { generation: '7', sizeBytes: 20, start: 0, end: 20 };
  for (const [name, statusCode, headers, what, refusal] of [
    ['the range', 206, { 'content-range': 'bytes 10-19/30', 'x-goog-generation': '7' }, asked, undefined],
    ['the range, of a server that tells no generation', 206, { 'content-range': 'bytes 10-19/*' }, asked, undefined],
    ['everything instead of a range', 200, {}, asked, OtherBytesError],
    ['a range that is not told', 206, {}, asked, OtherBytesError],
    ['a longer range', 206, { 'content-range': 'bytes 10-190/300' }, asked, OtherBytesError],
    ['a range from elsewhere', 206, { 'content-range': 'bytes 0-9/30' }, asked, OtherBytesError],
    [
      'another generation',
      206,
      { 'content-range': 'bytes 10-19/30', 'x-goog-generation': '8' },
      asked,
      OtherGenerationError,
    ],
    ['everything when everything was asked for', 200, { 'x-goog-generation': '7' }, whole, undefined],
    ['everything of another generation', 200, { 'x-goog-generation': '8' }, whole, OtherGenerationError],
    ['a failure, which others look at', 503, {}, asked, undefined],
  ] as const) {
    it(`${refusal ? 'refuses' : 'takes'} ${name}`, () => {
      const error = refuseOtherBytes({ statusCode, headers }, what);
      if (refusal) expect(error).to.be.instanceOf(refusal);
      else expect(error).to.equal(undefined);
    });
  }
});
