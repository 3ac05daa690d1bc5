import { expect } from 'chai';
import type { ModelSettings } from '../../runtime/presentation/settings.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { expectGolden } from '../support/golden-answers.ts';
import { sampleModel } from '../support/models.ts';
import { bodyOf, serveSample } from '../support/served-model.ts';

const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
};
const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Networks of PyTorch, which say nothing about classes, as classifiers. The probabilities are computed here from torch's own numbers. */
describe('settings that make a classifier of a network', () => {
  for (const { name, collection, labels, activation, probabilities } of [
    {
      name: 'torch-mlp',
      collection: 'fixtures',
      labels: ['a', 'b', 'c', 'd'],
      activation: 'Softmax',
      probabilities: (value: unknown) => softmax(value as number[]),
    },
    {
      name: 'torch-single-logit',
      collection: 'zoo',
      labels: ['no', 'yes'],
      activation: 'Sigmoid',
      probabilities: (value: unknown) => [1 - sigmoid(value as number), sigmoid(value as number)],
    },
    {
      name: 'torch-softmax',
      collection: 'zoo',
      labels: [10, 20, 30],
      activation: 'None',
      probabilities: (value: unknown) => value as number[],
    },
  ] as const) {
    it(`${name}, activation ${activation}`, async () => {
      const model = sampleModel(name, collection);
      const settings: ModelSettings = { task: 'Auto', labels, activation };
      await using served = await serveSample(model, settings);
      const { signature, session } = served;
      const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
      const expected = model.expected.values!.map((value) => {
        const numbers = probabilities(value);
        const label = labels[numbers.indexOf(Math.max(...numbers))];
        return { label, probabilities: new Map(labels.map((key, column) => [String(key), numbers[column]])) };
      });
      expect(new Set(expected.map(({ label }) => label)), 'classes among the rows')
        .to.have.property('size')
        .above(1);
      const { predictions } = await predictor.predict(decodeV1Request(bodyOf(model), signature));
      expectGolden(predictions, expected, model.tolerance);
    });
  }
});
