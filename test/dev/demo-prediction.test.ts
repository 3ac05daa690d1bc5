import { expect } from 'chai';
import { comparePredictions, readPredictions } from '../../dev/demo-prediction.ts';
import type { SampleClassifier } from '../../dev/sample-models.ts';

const SAMPLE: SampleClassifier = {
  name: 'coins',
  file: 'coins.onnx',
  framework: 'scikit-learn',
  labels: ['heads', 'tails'],
  rows: [[1], [2]],
  expected: {
    label: ['heads', 'tails'],
    probabilities: [
      [0.75, 0.25],
      [0.125, 0.875],
    ],
  },
};
const answer = (heads: number, label = heads > 0.5 ? 'heads' : 'tails') => ({
  label,
  probabilities: { heads, tails: 1 - heads },
});

describe('comparePredictions', () => {
  it('shows both sides of every row and the largest difference', () => {
    const lines = comparePredictions(SAMPLE, [answer(0.75), answer(0.125 + 2e-6)]).split('\n');
    expect(lines).to.have.length(6);
    expect(lines[1]).to.match(/^served +heads +0\.7500000 +0\.2500000$/);
    expect(lines[4]).to.match(/^scikit-learn +tails +0\.1250000 +0\.8750000$/);
    expect(lines[5]).to.equal("largest difference from scikit-learn's predict_proba: 2.0e-6");
  });

  const wrong: readonly [name: string, prediction: ReturnType<typeof answer>][] = [
    ['a probability that is off by more than 1e-5', answer(0.75002)],
    ['another label', answer(0.75, 'tails')],
    ['a class that is missing', { label: 'heads', probabilities: { heads: 0.75 } as never }],
  ];
  for (const [name, prediction] of wrong) {
    it(`refuses ${name}`, () => {
      expect(() => comparePredictions(SAMPLE, [prediction])).to.throw('row 0 is not what scikit-learn predicts');
    });
  }
});

describe('readPredictions', () => {
  it('reads the list', () => {
    expect(readPredictions(JSON.stringify({ predictions: [answer(1)] }))).to.deep.equal([answer(1)]);
  });
  it('shows an answer that has none', () => {
    expect(() => readPredictions('{"error": "no"}')).to.throw('no predictions in {"error": "no"}');
  });
});
