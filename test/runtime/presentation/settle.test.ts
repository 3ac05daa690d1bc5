import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import type { ClassificationTarget, Presentation } from '../../../runtime/onnx/signature.ts';
import { settleScoreKinds } from '../../../runtime/presentation/settle.ts';
import type { Tensor } from '../../../runtime/tensor/tensor.ts';

const TARGET: ClassificationTarget = {
  labelOutput: 'label',
  labelColumn: undefined,
  scoreOutputs: ['p'],
  scoreIndex: undefined,
  scoreLayout: 'columns',
  labels: undefined,
  outputLabels: undefined,
  scoreKind: 'unknown',
  activation: 'None',
  recomputeLabel: false,
};
const classifier = (target: Partial<ClassificationTarget>): Presentation => ({
  task: 'classification',
  targets: [{ ...TARGET, ...target }],
  outputs: ['label', 'p'],
});
const floats = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});
const labels = (shape: readonly number[]): Tensor => ({
  datatype: 'INT64',
  shape,
  data: new BigInt64Array(shape.reduce((a, b) => a * b, 1)),
});

function settled(
  target: Partial<ClassificationTarget>,
  p: Tensor,
  labelShape?: readonly number[],
): ClassificationTarget {
  const rows = p.shape[0]!;
  const outputs = new Map([
    ['p', p],
    ['label', labels(labelShape ?? [rows])],
  ]);
  const presentation = settleScoreKinds(classifier(target), outputs, rows);
  if (presentation.task !== 'classification') throw new Error('no classifier any more');
  return presentation.targets[0];
}

const { NaN: nan } = Number;

describe('settleScoreKinds', () => {
  const KINDS: readonly (readonly [name: string, p: Tensor, kind: ClassificationTarget['scoreKind']])[] = [
    ['rows that sum to 1', floats([2, 3], [0.2, 0.3, 0.5, 1, 0, 0]), 'probabilities'],
    ['rows that sum to 1 within rounding', floats([1, 3], [0.3333, 0.3333, 0.333]), 'probabilities'],
    ['a row that sums to 3.1', floats([1, 3], [2.2, 1.2, -0.3]), 'scores'],
    ['values in [0,1] that do not sum to 1', floats([1, 3], [0.9, 0.9, 0.9]), 'scores'],
    ['a negative number', floats([1, 2], [-0.5, 1.5]), 'scores'],
    ['one bad row among good ones', floats([2, 2], [0.5, 0.5, 0.5, 0.7]), 'scores'],
    ['a row of NaN among good ones', floats([2, 2], [0.5, 0.5, nan, nan]), 'probabilities'],
    ['nothing but NaN', floats([1, 2], [nan, nan]), 'unknown'],
  ];
  for (const [name, p, kind] of KINDS) {
    it(`${name}: ${kind}`, () => expect(settled({}, p).scoreKind).to.equal(kind));
  }

  it('keeps what the operator promised', () => {
    expect(settled({ scoreKind: 'scores' }, floats([1, 2], [0.25, 0.75])).scoreKind).to.equal('scores');
    expect(settled({ scoreKind: 'probabilities' }, floats([1, 3], [2, 1, 1])).scoreKind).to.equal('probabilities');
  });

  it('asks of multi-label numbers only that they lie in [0,1]', () => {
    expect(settled({}, floats([1, 3], [0.9, 0.9, 0.1]), [1, 3]).scoreKind).to.equal('probabilities');
    expect(settled({}, floats([1, 3], [0.9, 1.9, 0.1]), [1, 3]).scoreKind).to.equal('scores');
  });

  it('sees a single number for two classes', () => {
    expect(settled({ labels: ['no', 'yes'] }, floats([2, 1], [0.25, 0.75]))).to.include({
      scoreLayout: 'positive',
      scoreKind: 'probabilities',
    });
    expect(settled({}, floats([2], [-3, 0.75]))).to.include({ scoreLayout: 'positive', scoreKind: 'scores' });
  });

  it('sees two columns that are one decision value', () => {
    expect(settled({}, floats([2, 2], [-1.5, 1.5, 2, -2]))).to.include({
      scoreLayout: 'opposite',
      scoreKind: 'scores',
    });
    expect(settled({}, floats([2, 2], [0, 0, 0, 0]))).to.include({ scoreLayout: 'columns' });
    expect(settled({ scoreKind: 'scores', activation: 'Softmax' }, floats([1, 2], [-1, 1]))).to.include({
      scoreLayout: 'columns',
    });
  });

  it('refuses labels that are not as many as the numbers', () => {
    expect(() => settled({ labels: ['a', 'b', 'c'] }, floats([1, 4], [0.25, 0.25, 0.25, 0.25])))
      .to.throw(ModelFailure, 'gives 4 numbers per row, but 3 labels are known (a, b, c)')
      .with.property('reason', 'InvalidSpec');
    expect(() => settled({ labels: ['a', 'b', 'c'] }, floats([1, 1], [0.5]))).to.throw(ModelFailure);
    expect(() => settled({ labels: ['a', 'b'], scoreLayout: 'positive' }, floats([1, 3], [1, 2, 3]))).to.throw(
      ModelFailure,
    );
  });

  it('allows targets with fewer classes than the widest of a stack', () => {
    expect(
      settled({ labels: [2, 7], scoreIndex: 1 }, floats([1, 2, 3], [0.5, 0.25, 0.25, 0.5, 0.5, 0])).scoreKind,
    ).to.equal('probabilities');
  });

  it('leaves other tasks alone', () => {
    const raw: Presentation = { task: 'raw', outputs: ['p'] };
    expect(settleScoreKinds(raw, new Map(), 1)).to.equal(raw);
  });
});
