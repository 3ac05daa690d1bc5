import { expect } from 'chai';
import { describeModel } from '../../cli/describe-model.ts';
import { SAMPLES } from '../support/signatures.ts';

describe('describeModel', () => {
  for (const [name, signature, lines] of [
    [
      'a classifier',
      SAMPLES.iris,
      [
        'inputs   X  FP32 [rows, 4]',
        'outputs  label          INT64 [rows]',
        '         probabilities  FP32 [rows, 3]',
        'answers  label and probabilities of 0, 1, 2',
      ],
    ],
    [
      'free lengths',
      SAMPLES.tokens,
      [
        'inputs   tokens  INT64 [rows, ?]',
        '         mask    INT64 [rows, ?]',
        'outputs  y  FP32 [rows, 1]',
        'answers  the bare values of y',
      ],
    ],
    [
      'no batch axis',
      SAMPLES.unbatched,
      [
        'inputs   matrix  FP32 [2, 2]',
        '         factor  FP32 []',
        'outputs  y  FP32 [2, 2]',
        'answers  the bare values of y',
      ],
    ],
    [
      'an unknown rank',
      SAMPLES.anyRank,
      ['inputs   x  FP32 [any shape]', 'outputs  y  FP32 [rows, 1]', 'answers  the bare values of y'],
    ],
  ] as const) {
    it(`shows ${name}`, () => {
      expect(describeModel(signature).split('\n')).to.deep.equal(lines);
    });
  }
});
