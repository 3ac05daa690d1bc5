import { expect } from 'chai';
import { encodeV1Response } from '../../../../runtime/protocol/v1/encode-response.ts';
import type { JsonValue } from '../../../../runtime/tensor/element.ts';

const ROWS = { form: 'instances', batched: true } as const;
const COLUMNS = { form: 'inputs', batched: true } as const;

const IRIS: JsonValue[] = [
  { label: 'setosa', probabilities: new Map([['setosa', 0.99], ['virginica', 0.01]]) },
  { label: 'virginica', probabilities: new Map([['setosa', 0.25], ['virginica', 0.75]]) },
]; // prettier-ignore

describe('encodeV1Response', () => {
  const cases: [name: string, predictions: JsonValue[], rows: string, columns: string][] = [
    [
      'classification',
      IRIS,
      '{"predictions":[{"label":"setosa","probabilities":{"setosa":0.99,"virginica":0.01}},{"label":"virginica","probabilities":{"setosa":0.25,"virginica":0.75}}]}',
      '{"outputs":{"label":["setosa","virginica"],"probabilities":[{"setosa":0.99,"virginica":0.01},{"setosa":0.25,"virginica":0.75}]}}',
    ],
    ['numbers', [1.5, -2, 1e-7], '{"predictions":[1.5,-2,1e-7]}', '{"outputs":[1.5,-2,1e-7]}'],
    ['lists', [[1, 2], [3, 4]], '{"predictions":[[1,2],[3,4]]}', '{"outputs":[[1,2],[3,4]]}'], // prettier-ignore
    [
      'several outputs',
      [new Map<string, JsonValue>([['b', 1], ['a', [2]]]), new Map<string, JsonValue>([['b', 3], ['a', [4]]])],
      '{"predictions":[{"b":1,"a":[2]},{"b":3,"a":[4]}]}',
      '{"outputs":{"b":[1,3],"a":[[2],[4]]}}',
    ], // prettier-ignore
    [
      'class names that look like numbers, in their own order',
      [{ label: 30, probabilities: new Map([['30', 0.5], ['4', 0.25], ['10', 0.25]]) }],
      '{"predictions":[{"label":30,"probabilities":{"30":0.5,"4":0.25,"10":0.25}}]}',
      '{"outputs":{"label":[30],"probabilities":[{"30":0.5,"4":0.25,"10":0.25}]}}',
    ], // prettier-ignore
    ['wide integers', [2n ** 63n, -(2n ** 60n)], '{"predictions":[9223372036854775808,-1152921504606846976]}', '{"outputs":[9223372036854775808,-1152921504606846976]}'],
    ['what is no number', [Number.NaN, Infinity, [-Infinity, 1]], '{"predictions":[null,null,[null,1]]}', '{"outputs":[null,null,[null,1]]}'],
    ['text to escape', ['"\n\u0000é\u2028\ud800'], '{"predictions":["\\"\\n\\u0000é\u2028\\ud800"]}', '{"outputs":["\\"\\n\\u0000é\u2028\\ud800"]}'],
    ['keys to escape', [{ 'a"b': true }], '{"predictions":[{"a\\"b":true}]}', '{"outputs":{"a\\"b":[true]}}'],
    ['objects of different keys', [{ a: 1 }, { b: 1 }], '{"predictions":[{"a":1},{"b":1}]}', '{"outputs":[{"a":1},{"b":1}]}'],
    ['no answers', [], '{"predictions":[]}', '{"outputs":[]}'],
  ]; // prettier-ignore
  for (const [name, predictions, rows, columns] of cases) {
    it(`writes ${name}`, () => {
      expect(encodeV1Response({ predictions, warnings: [] }, ROWS)).to.equal(rows);
      expect(encodeV1Response({ predictions, warnings: [] }, COLUMNS)).to.equal(columns);
    });
  }

  it('writes warnings last, and only when there are any', () => {
    expect(encodeV1Response({ predictions: [1], warnings: ['mind the gap'] }, ROWS)).to.equal(
      '{"predictions":[1],"warnings":["mind the gap"]}',
    );
  });

  it('shows the whole output of a model without batch axis', () => {
    const answer = { predictions: [[[1, 2]]], warnings: [] };
    expect(encodeV1Response(answer, { form: 'inputs', batched: false })).to.equal('{"outputs":[[1,2]]}');
    expect(encodeV1Response(answer, { form: 'instances', batched: false })).to.equal('{"predictions":[[[1,2]]]}');
  });
});
