import { expect } from 'chai';
import { encodeCsvResponse } from '../../../../runtime/protocol/csv/encode-response.ts';
import type { JsonValue } from '../../../../runtime/tensor/element.ts';

describe('encoding CSV answers', () => {
  const scores = (...entries: [string, number][]): JsonValue => new Map(entries);
  for (const [name, predictions, lines] of [
    [
      'a classifier',
      [
        { label: 'b', probabilities: scores(['b', 0.75], ['a', 0.25]) },
        { label: 7, probabilities: scores(['b', 0], ['a', 1]) },
      ],
      ['label,probabilities.b,probabilities.a', 'b,0.75,0.25', '7,0,1'],
    ],
    [
      'classes that differ from row to row',
      [
        { label: 1, probabilities: scores(['1', 0.9]) },
        { label: 2, probabilities: scores(['2', 0.8]) },
      ],
      ['label,probabilities.1,probabilities.2', '1,0.9,', '2,,0.8'],
    ],
    [
      'several targets',
      [{ label: [0, 'x'], probabilities: [scores(['0', 1]), scores(['x', 0.5], ['y', 0.5])] }],
      ['label.0,label.1,probabilities.0.0,probabilities.1.x,probabilities.1.y', '0,x,1,0.5,0.5'],
    ],
    ['numbers', [1.5, -2e-8], ['prediction', '1.5', '-2e-8']],
    [
      'lists',
      [
        [1, 2],
        [3, 4],
      ],
      ['prediction.0,prediction.1', '1,2', '3,4'],
    ],
    ['several outputs', [{ a: [[1], [2]], b: true }], ['a.0.0,a.1.0,b', '1,2,true']],
    ['integers with all their digits', [9223372036854775807n], ['prediction', '9223372036854775807']],
    ['what is no number', [Number.NaN, null, Infinity, -Infinity], ['prediction', '', '', 'inf', '-inf']],
    [
      'text that needs quotes',
      ['a,b', 'say "hi"', '', 'two\nlines'],
      ['prediction', '"a,b"', '"say ""hi"""', '""', '"two\nlines"'],
    ],
    ['names that need quotes', [{ label: 'x', scores: scores(['a,"b"', 1]) }], ['label,"scores.a,""b"""', 'x,1']],
  ] as const satisfies readonly (readonly [string, readonly JsonValue[], readonly string[]])[]) {
    it(`writes ${name}`, () => {
      expect(encodeCsvResponse(predictions).split('\r\n')).to.deep.equal([...lines, '']);
    });
  }
});
