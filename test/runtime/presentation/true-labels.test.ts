import { expect } from 'chai';
import type { ClassificationTarget, Presentation } from '../../../runtime/onnx/signature.ts';
import { TrueLabels } from '../../../runtime/presentation/true-labels.ts';
import type { NamedTensors, Tensor } from '../../../runtime/tensor/tensor.ts';
import { classifierOf } from '../../support/signatures.ts';
import { matrix } from '../../support/tensors.ts';

/** A classifier of the classes 3, 8 and 9. */
function presentationOf(change: Partial<ClassificationTarget>): Presentation {
  const { presentation } = classifierOf([['X', 'FP32', [-1, 4]]]);
  if (presentation.task !== 'classification') throw new Error('no classifier');
  const [target] = presentation.targets;
  return { ...presentation, targets: [{ ...target, labels: [3, 8, 9], ...change }] };
}

const POSITIONS: Tensor = { datatype: 'INT64', shape: [2], data: BigInt64Array.of(0n, 1n) };
const SCORES = matrix([
  [0.1, 0.2, 0.7],
  [0.1, 0.8, 0.1],
]);
const outputs = (label: Tensor, scores = SCORES): NamedTensors =>
  new Map([
    ['label', label],
    ['probabilities', scores],
  ]);
const labelsAfter = (presentation: Presentation, given: NamedTensors): unknown =>
  new TrueLabels(presentation).correct(given, 2).get('label')?.data;

describe('TrueLabels', () => {
  it('puts the class of the best score into a wrong label output, and leaves the run as it was', () => {
    const given = outputs(POSITIONS);
    expect(labelsAfter(presentationOf({ recomputeLabel: true }), given)).to.deep.equal(BigInt64Array.of(9n, 8n));
    expect(given.get('label')?.data).to.deep.equal(BigInt64Array.of(0n, 1n));
  });

  it('writes text, and what the file calls the classes where the settings call them otherwise', () => {
    const text: Tensor = { datatype: 'BYTES', shape: [2], data: ['0', '1'] };
    const strings = presentationOf({ recomputeLabel: true, labels: ['a', 'b', 'c'] });
    expect(labelsAfter(strings, outputs(text))).to.deep.equal(['c', 'b']);
    const renamed = presentationOf({ recomputeLabel: true, labels: ['a', 'b', 'c'], outputLabels: [3, 8, 9] });
    expect(labelsAfter(renamed, outputs(POSITIONS))).to.deep.equal(BigInt64Array.of(9n, 8n));
  });

  it('leaves a label that the scores do not tell', () => {
    const scores = matrix([
      [Number.NaN, Number.NaN, Number.NaN],
      [0, 0, 1],
    ]);
    const presentation = presentationOf({ recomputeLabel: true });
    expect(labelsAfter(presentation, outputs(POSITIONS, scores))).to.deep.equal(BigInt64Array.of(0n, 9n));
  });

  it('touches nothing where the graph is right, or the label was not asked for', () => {
    const given = outputs(POSITIONS);
    expect(new TrueLabels(presentationOf({})).correct(given, 2)).to.equal(given);
    expect(new TrueLabels({ task: 'raw', outputs: ['label'] }).correct(given, 2)).to.equal(given);
    const scores: NamedTensors = new Map([['probabilities', SCORES]]);
    expect(new TrueLabels(presentationOf({ recomputeLabel: true })).correct(scores, 2)).to.equal(scores);
  });

  it('needs the scores for a wrong label', () => {
    const labels = new TrueLabels(presentationOf({ recomputeLabel: true }));
    expect(labels.neededFor(['label'])).to.deep.equal(['label', 'probabilities']);
    expect(labels.neededFor(['probabilities', 'label'])).to.deep.equal(['probabilities', 'label']);
    expect(labels.neededFor(['probabilities'])).to.deep.equal(['probabilities']);
    expect(new TrueLabels(presentationOf({})).neededFor(['label'])).to.deep.equal(['label']);
  });
});
