import { expect } from 'chai';
import { makeVariedFeeds, makeWarmUpFeeds } from '../../../runtime/session/warm-up-feeds.ts';
import { elementCount } from '../../../runtime/tensor/shape.ts';
import { SAMPLES, signatureOf } from '../../support/signatures.ts';

const shapes = (feeds: ReadonlyMap<string, { shape: readonly number[] }>) =>
  Object.fromEntries([...feeds].map(([name, { shape }]) => [name, shape]));

describe('makeWarmUpFeeds', () => {
  it('tries zeros, then ones', () => {
    const feeds = makeWarmUpFeeds(SAMPLES.iris, 2);
    expect(feeds.map((tried) => [...(tried.get('X')!.data as Float32Array)])).to.deep.equal([
      Array.from({ length: 8 }, () => 0),
      Array.from({ length: 8 }, () => 1),
    ]);
  });

  for (const [name, signature, rows, expected] of [
    ['one matrix', SAMPLES.iris, 3, { X: [3, 4] }],
    ['columns', SAMPLES.customers, 2, { age: [2, 1], monthly_fee: [2, 1], plan: [2, 1], Amount__EUR_: [2, 1] }],
    ['free lengths', SAMPLES.tokens, 1, { tokens: [1, 1], mask: [1, 1] }],
    ['no batch axis', SAMPLES.unbatched, 9, { matrix: [2, 2], factor: [] }],
    ['an unknown rank', SAMPLES.anyRank, 1, { x: [1] }],
    ['a fixed number of rows', signatureOf([['x', 'FP32', [-1, 2]]], [], { fixedBatch: 5 }), 1, { x: [5, 2] }],
  ] as const) {
    it(`fits ${name}`, () => {
      const [first] = makeWarmUpFeeds(signature, rows);
      expect(shapes(first)).to.deep.equal(expected);
      for (const { shape, data } of first.values()) expect(data).to.have.lengthOf(elementCount(shape));
    });
  }

  it('tries longer free dimensions, too', () => {
    const lengths = makeWarmUpFeeds(SAMPLES.tokens, 1).map((feeds) => feeds.get('tokens')?.shape[1]);
    expect(lengths).to.deep.equal([1, 1, 8, 8, 64, 64, 224, 224]);
  });

  it('leaves out what would be too large, but never everything', () => {
    const huge = signatureOf([['x', 'FP32', [-1, 4000, -1]]]);
    expect(makeWarmUpFeeds(huge, 64).map((feeds) => feeds.get('x')?.shape[2])).to.deep.equal([1, 1, 8, 8]);
    const [only, ...others] = makeWarmUpFeeds(signatureOf([['x', 'UINT8', [-1, 2 ** 22]]]), 64);
    expect([shapes(only), others.length]).to.deep.equal([{ x: [1, 2 ** 22] }, 0]);
  });
});

describe('makeVariedFeeds', () => {
  it('gives rows that differ', () => {
    const data = [...(makeVariedFeeds(SAMPLES.iris, 4).get('X')!.data as Float32Array)];
    const rows = [0, 4, 8, 12].map((start) => data.slice(start, start + 4).join());
    expect(new Set(rows).size).to.equal(4);
  });
});
