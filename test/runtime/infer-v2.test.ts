import { expect } from 'chai';
import type { RunFacts } from '../../runtime/batching/batcher.ts';
import { RequestError } from '../../runtime/errors.ts';
import { inferV2 } from '../../runtime/infer-v2.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { decodeV2Request, type V2Request } from '../../runtime/protocol/v2/decode-request.ts';
import type { NamedTensors } from '../../runtime/tensor/tensor.ts';
import { SAMPLES } from '../support/signatures.ts';
import { matrix } from '../support/tensors.ts';
import { rejectionOf } from '../support/thrown.ts';

const signature = SAMPLES.iris;

/** Class 1 for every row, and its input as probabilities. */
const run = (feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> => {
  const rows = feeds.get('X')?.shape[0] ?? 0;
  const all: NamedTensors = new Map([
    ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows).fill(1n) }],
    ['probabilities', matrix(Array.from({ length: rows }, (_, row) => [row, 0, 0]))],
  ]);
  return Promise.resolve(new Map([...all].filter(([name]) => outputs.includes(name))));
};

function request(...outputs: readonly string[]): V2Request {
  const inputs = [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }];
  const body = JSON.stringify({ inputs, outputs: outputs.map((name) => ({ name })) });
  return decodeV2Request({ bytes: Buffer.from(body), jsonBytes: undefined }, signature);
}

describe('inferV2', () => {
  it('shares one run with V1 requests, and with requests for the same outputs in another order', async () => {
    const runs: RunFacts[] = [];
    const batching = { maxRows: 64, maxQueuedRows: 64, onRun: (facts: RunFacts): void => void runs.push(facts) };
    const predictor = new Predictor({ session: { run }, signature, batching });
    const [plain, reversed, v1] = await Promise.all([
      inferV2({ predictor, signature }, request(), {}),
      inferV2({ predictor, signature }, request('probabilities', 'label'), {}),
      predictor.predict(decodeV1Request('{"instances": [[1, 2, 3, 4]]}', signature)),
    ]);
    expect(runs.map(({ requests, rows }) => [requests, rows])).to.deep.equal([[3, 3]]);
    expect(plain.outputs.map(({ name }) => name)).to.deep.equal(['label', 'probabilities']);
    expect(reversed.outputs.map(({ name }) => name)).to.deep.equal(['probabilities', 'label']);
    const probabilities = [plain.outputs[1], reversed.outputs[0]].map((output) => [...(output?.tensor.data ?? [])]);
    expect(probabilities).to.deep.equal([
      [0, 0, 0],
      [1, 0, 0],
    ]);
    expect(v1.predictions).to.have.lengthOf(1);
  });

  it('fails when the model leaves out an output', async () => {
    const session = { run: () => Promise.resolve(new Map()) };
    const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 64 } });
    const failure = await rejectionOf(RequestError, inferV2({ predictor, signature }, request('label'), {}));
    expect([failure.code, failure.message]).to.deep.equal(['InferenceFailed', 'the model gave no output "label"']);
  });
});
