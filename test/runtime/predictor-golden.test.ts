import { expect } from 'chai';
import type { RunFacts } from '../../runtime/batching/batcher.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { encodeV1Response } from '../../runtime/protocol/v1/encode-response.ts';
import { stringifyJson } from '../../runtime/protocol/stringify-json.ts';
import type { JsonValue } from '../../runtime/tensor/element.ts';
import { expectGolden, goldenAnswers } from '../support/golden-answers.ts';
import { sampleModels } from '../support/models.ts';
import { bodyOf, type ServedModel, serveSample } from '../support/served-model.ts';

function makePredictor({ session, signature }: ServedModel): { predictor: Predictor; runs: RunFacts[] } {
  const runs: RunFacts[] = [];
  const batching = { maxRows: 64, maxQueuedRows: 1024, onRun: (run: RunFacts): void => void runs.push(run) };
  return { predictor: new Predictor({ session, signature, batching }), runs };
}

/** Every sample model from body to answer: decode, run, present, against what its own library answers. */
describe('predictions of the sample models', () => {
  for (const model of [...sampleModels('fixtures'), ...sampleModels('zoo')]) {
    it(model.name, async () => {
      await using served = await serveSample(model);
      const { signature } = served;
      const expected = goldenAnswers(model);
      const { predictor } = makePredictor(served);

      const together = await predictor.predict(decodeV1Request(bodyOf(model), signature));
      expectGolden(together.predictions, expected, model.tolerance, 'predictions');
      expect(encodeV1Response(together, { form: 'instances', batched: signature.batched })).to.match(
        /^\{"predictions":\[/,
      );

      // One request a row, all at once: coalesced into one run, unless the model takes a fixed number of rows.
      const { predictor: coalescing, runs } = makePredictor(served);
      // Behind the first request it is learned which outputs have rows; the second waits for that.
      for (let request = 0; request < 2; request += 1) {
        await coalescing.predict(decodeV1Request(bodyOf(model, 1), signature));
      }
      runs.length = 0;
      const single = await Promise.all(
        model.rows.map((row) => {
          const body = stringifyJson({ instances: [row as JsonValue] });
          return coalescing.predict(decodeV1Request(body, signature));
        }),
      );
      expectGolden(
        single.flatMap(({ predictions }) => predictions),
        expected,
        model.tolerance,
        'single',
      );
      expect(runs.map(({ rows }) => rows)).to.deep.equal(
        signature.fixedBatch === undefined ? [model.rows.length] : model.rows.map(() => 1),
      );
    });
  }
});
