import { expect } from 'chai';
import { exampleRequest } from '../../../runtime/docs/example-request.ts';
import { stringifyJson } from '../../../runtime/protocol/stringify-json.ts';
import { decodeV1Request } from '../../../runtime/protocol/v1/decode-request.ts';
import { makeWarmUpFeeds } from '../../../runtime/session/warm-up-feeds.ts';
import { SAMPLES, signatureOf } from '../../support/signatures.ts';

const FIXED = signatureOf([['x', 'FP32', [3, 2]]], [['y', 'FP32', [3, 1]]], { fixedBatch: 3 });

describe('exampleRequest', () => {
  for (const [name, signature, expected] of [
    ['one matrix', SAMPLES.iris, '{"instances":[[0,0,0,0]]}'],
    ['columns', SAMPLES.customers, '{"instances":[{"age":0,"monthly_fee":0,"plan":"","Amount__EUR_":0}]}'],
    ['free lengths', SAMPLES.tokens, '{"instances":[{"tokens":[0],"mask":[0]}]}'],
    ['an image', SAMPLES.image, '{"instances":[[[0,0,0],[0,0,0]]]}'],
    ['flags', SAMPLES.flags, '{"instances":[[false,false]]}'],
    ['a column of numbers', SAMPLES.double, '{"instances":[0]}'],
    ['no batch axis', SAMPLES.vector, '{"instances":[[0,0,0]]}'],
    ['no batch axis, several inputs', SAMPLES.unbatched, '{"instances":[{"matrix":[[0,0],[0,0]],"factor":0}]}'],
    ['a fixed number of rows', FIXED, '{"instances":[[0,0],[0,0],[0,0]]}'],
  ] as const) {
    it(`shows ${name}, in a form that is accepted`, () => {
      const [feeds] = makeWarmUpFeeds(signature, 1);
      const json = stringifyJson(exampleRequest(signature, { golden: undefined, feeds })!);
      expect(json).to.equal(expected);
      const decoded = decodeV1Request(json, signature);
      for (const [input, tensor] of decoded.feeds) expect(tensor).to.deep.equal(feeds.get(input), input);
    });
  }

  it('prefers the first row of golden.json, every digit of it', () => {
    const golden = '{"instances": [[9007199254740993], [2]], "predictions": [1, 2]}';
    const request = exampleRequest(SAMPLES.wide, { golden, feeds: undefined });
    expect(stringifyJson(request!)).to.equal('{"instances":[[9007199254740993]]}');
  });

  it('has none when nothing is known', () => {
    expect(exampleRequest(SAMPLES.iris, { golden: undefined, feeds: undefined })).to.equal(undefined);
  });
});
