import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ClassificationTarget, Label } from '../../../../runtime/onnx/signature.ts';
import { makePresenter } from '../../../../runtime/presentation/presenter.ts';
import { encodeV1Classes } from '../../../../runtime/protocol/v1/encode-classes.ts';
import { encodeV1Response } from '../../../../runtime/protocol/v1/encode-response.ts';
import type { NamedTensors, Tensor } from '../../../../runtime/tensor/tensor.ts';

const TARGET: ClassificationTarget = {
  labelOutput: undefined,
  labelColumn: undefined,
  scoreOutputs: ['p'],
  scoreIndex: undefined,
  scoreLayout: 'columns',
  labels: ['a', 'b', 'c'],
  outputLabels: undefined,
  scoreKind: 'probabilities',
  activation: 'None',
  recomputeLabel: false,
};

/** The text made directly and by way of values; the first is undefined where that cannot be. */
function bothTexts(
  target: ClassificationTarget,
  outputs: NamedTensors,
  rows: number,
  warnings: readonly string[] = [],
) {
  const presenter = makePresenter({ task: 'classification', targets: [target], outputs: [] });
  const classes = presenter.plainClasses?.(outputs, rows);
  const predictions = presenter.present(outputs, rows);
  return {
    direct: classes && encodeV1Classes(classes, rows, warnings),
    usual: encodeV1Response({ predictions, warnings }, { form: 'instances', batched: true }),
  };
}

const label: fc.Arbitrary<Label> = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.bigInt(), fc.boolean());
const number = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, 0.5, 0.1, 1e-6, 9.99999e-7, 0.99999994, NaN, Infinity, -Infinity) },
  fc.double(),
);
const scores = fc
  .record({
    rows: fc.integer({ min: 0, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
    datatype: fc.constantFrom('FP32' as const, 'FP64' as const),
  })
  .chain(({ rows, width, datatype }) => {
    const length = rows * width;
    return fc.array(number, { minLength: length, maxLength: length }).map((values) => {
      const data = datatype === 'FP32' ? Float32Array.from(values) : Float64Array.from(values);
      const tensor: Tensor = { datatype, shape: [rows, width], data };
      return { rows, tensor };
    });
  });
const target = fc.record({
  labels: fc.option(fc.array(label, { maxLength: 5 }), { nil: undefined }),
  scoreKind: fc.constantFrom('probabilities' as const, 'scores' as const, 'unknown' as const),
  activation: fc.constantFrom('None' as const, 'Softmax' as const, 'Sigmoid' as const),
  scoreLayout: fc.constantFrom('columns' as const, 'columns' as const, 'positive' as const),
});

describe('answers of a classifier as text at once', () => {
  it('are the text of the answers as values', () => {
    let direct = 0;
    fc.assert(
      fc.property(target, scores, fc.array(fc.string(), { maxLength: 2 }), (settings, { rows, tensor }, warnings) => {
        const texts = bothTexts({ ...TARGET, ...settings }, new Map([['p', tensor]]), rows, warnings);
        if (texts.direct === undefined) return;
        direct += 1;
        expect(texts.direct).to.equal(texts.usual);
      }),
      { numRuns: 2_000 },
    );
    expect(direct, 'cases that were written at once').to.be.greaterThan(500);
  });

  it('have the label that the graph gives', () => {
    const outputs: NamedTensors = new Map<string, Tensor>([
      ['label', { datatype: 'INT64', shape: [3], data: BigInt64Array.of(2n, 2n, 2n ** 60n) }],
      ['p', { datatype: 'FP32', shape: [3, 3], data: new Float32Array(9).fill(0.25) }],
    ]);
    const { direct, usual } = bothTexts({ ...TARGET, labelOutput: 'label', labels: [0, 1, 2] }, outputs, 3);
    expect(direct).to.equal(usual);
    expect(direct).to.include('{"label":1152921504606846976,"probabilities":{"0":0.25,"1":0.25,"2":0.25}}');
  });

  for (const [name, changes] of [
    ['two classes have one name', { labels: ['a', 'a', 'b'] }],
    ['there is one decision value', { scoreLayout: 'positive', scoreKind: 'scores' }],
    ['there are no numbers', { scoreOutputs: [] }],
  ] as const satisfies readonly (readonly [string, Partial<ClassificationTarget>])[]) {
    it(`are made of values where ${name}`, () => {
      const tensor: Tensor = { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(0.5, 0.25, 0.25) };
      expect(bothTexts({ ...TARGET, ...changes }, new Map([['p', tensor]]), 1).direct).to.equal(undefined);
    });
  }
});
