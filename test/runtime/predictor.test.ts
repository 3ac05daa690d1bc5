import { expect } from 'chai';
import { RequestError } from '../../runtime/errors.ts';
import type { ModelSignature } from '../../runtime/onnx/signature.ts';
import { Predictor, type PredictRequest } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import type { NamedTensors, Tensor } from '../../runtime/tensor/tensor.ts';
import { classifierOf, SAMPLES, signatureOf, type SpecTuple } from '../support/signatures.ts';
import { matrix } from '../support/tensors.ts';
import { rejectionOf } from '../support/thrown.ts';

type Run = (feeds: NamedTensors, outputs: readonly string[]) => Promise<NamedTensors>;

const rowsOf = (feeds: NamedTensors): number => [...feeds.values()][0]?.shape[0] ?? 0;
const floats = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

/** A predictor over a fake session, which keeps the rows and outputs of every run. */
function predictorOf(
  signature: ModelSignature,
  run: Run,
  batching = { maxRows: 8, maxQueuedRows: 16 },
): { predictor: Predictor; runs: [rows: number, outputs: string][] } {
  const runs: [number, string][] = [];
  const session = {
    run: (feeds: NamedTensors, outputs: readonly string[]) => {
      runs.push([rowsOf(feeds), outputs.join()]);
      return run(feeds, outputs);
    },
  };
  return { predictor: new Predictor({ session, signature, batching }), runs };
}

/** Label 2 and probabilities 0.25, 0.25, 0.5 for every row. */
const classify: Run = async (feeds, outputs) => {
  const rows = rowsOf(feeds);
  const all: Record<string, Tensor> = {
    label: { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows).fill(2n) },
    probabilities: floats([rows, 3], Array.from({ length: rows }, () => [0.25, 0.25, 0.5]).flat()),
  };
  return new Map(outputs.map((name) => [name, all[name]!]));
};

const decode = (signature: ModelSignature, ...instances: unknown[]): PredictRequest =>
  decodeV1Request(JSON.stringify({ instances }), signature);
const PROBABILITIES = new Map([
  ['0', 0.25],
  ['1', 0.25],
  ['2', 0.5],
]);

describe('Predictor', () => {
  it('presents one answer a row, and asks the session only for what is presented', async () => {
    const { predictor, runs } = predictorOf(SAMPLES.iris, classify);
    const answer = await predictor.predict(decode(SAMPLES.iris, [1, 2, 3, 4], [5, 6, 7, 8]));
    expect(answer).to.deep.equal({
      predictions: [
        { label: 2, probabilities: PROBABILITIES },
        { label: 2, probabilities: PROBABILITIES },
      ],
      warnings: [],
    });
    expect(runs).to.deep.equal([[2, 'label,probabilities']]);
  });

  it('gives only the most probable classes when asked for topK', async () => {
    const { predictor } = predictorOf(SAMPLES.iris, classify);
    const request = decodeV1Request('{"instances": [[1,2,3,4]], "parameters": {"topK": 1}}', SAMPLES.iris);
    expect((await predictor.predict(request)).predictions).to.deep.equal([
      { label: 2, probabilities: new Map([['2', 0.5]]) },
    ]);
  });

  it('shows outputs that are asked for by name raw, and runs only those', async () => {
    const { predictor, runs } = predictorOf(SAMPLES.iris, classify);
    const ask = async (outputs: string[]): Promise<unknown> => {
      const request = decodeV1Request(JSON.stringify({ instances: [[1, 2, 3, 4]], outputs }), SAMPLES.iris);
      return (await predictor.predict(request)).predictions;
    };
    expect(await ask(['probabilities'])).to.deep.equal([[0.25, 0.25, 0.5]]);
    expect(await ask(['probabilities', 'label'])).to.deep.equal([
      new Map<string, unknown>([
        ['probabilities', [0.25, 0.25, 0.5]],
        ['label', 2],
      ]),
    ]);
    expect(runs).to.deep.equal([
      [1, 'probabilities'],
      [1, 'probabilities,label'],
    ]);
  });

  it('coalesces requests that wait together, and keeps different outputs apart', async () => {
    const { predictor, runs } = predictorOf(SAMPLES.iris, classify);
    const row = decode(SAMPLES.iris, [1, 2, 3, 4]);
    const answers = await Promise.all(
      [row, row, { ...row, outputs: ['label'] }, row].map((request) => predictor.predict(request)),
    );
    expect(answers[2]?.predictions).to.deep.equal([2]);
    expect(runs).to.deep.equal([
      [3, 'label,probabilities'],
      [1, 'label'],
    ]);
  });

  it('cuts rows into runs for a model of a fixed number of rows', async () => {
    const iris = { ...classifierOf([['X', 'FP32', [3, 4]]]), fixedBatch: 3 };
    const { predictor, runs } = predictorOf(iris, classify);
    const rows = [1, 2, 3, 4, 5].map((value) => [value, 0, 0, 0]);
    expect((await predictor.predict(decode(iris, ...rows))).predictions).to.have.length(5);
    expect(runs).to.deep.equal([
      [3, 'label,probabilities'],
      [3, 'label,probabilities'],
    ]);
    const none = { feeds: new Map([['X', floats([0, 4], [])]]), rows: 0, outputs: ['label'] };
    expect((await rejectionOf(RequestError, predictor.infer(none))).message).to.equal('expected at least one row');
  });

  it('runs a model without batch axis request by request, and shows its outputs whole', async () => {
    const run: Run = async (feeds) => new Map([['y', feeds.get('v')!]]);
    const { predictor, runs } = predictorOf(SAMPLES.vector, run);
    const answers = await Promise.all(
      [
        [1, 2, 3],
        [4, 5, 6],
      ].map((vector) => predictor.predict(decode(SAMPLES.vector, vector))),
    );
    expect(answers.map(({ predictions }) => predictions)).to.deep.equal([[[1, 2, 3]], [[4, 5, 6]]]);
    expect(runs).to.have.length(2);
  });

  describe('outputs of unknown shape', () => {
    const outputs: SpecTuple[] = [
      ['scores', 'FP32', undefined],
      ['classes', 'FP32', undefined],
      ['loss', 'FP32', []],
    ];
    const signature = signatureOf([['X', 'FP32', [-1, 4]]], outputs);
    /** `scores` has a value a row; `classes` is always two. */
    const run: Run = async (feeds, wanted) => {
      const rows = rowsOf(feeds);
      const all: Record<string, Tensor> = {
        scores: floats(
          [rows],
          [...(feeds.get('X')!.data as Float32Array)].filter((_, index) => index % 4 === 0),
        ),
        classes: floats([2], [10, 20]),
        loss: floats([], [0.5]),
      };
      return new Map(wanted.map((name) => [name, all[name]!]));
    };
    const ask = (predictor: Predictor, names: string[], ...values: number[]): Promise<unknown[]> =>
      Promise.all(
        values.map(async (value) => {
          const request = { ...decode(signature, [value, 0, 0, 0]), outputs: names };
          return (await predictor.predict(request)).predictions[0];
        }),
      );

    it('are coalesced once runs of two sizes have shown that they have rows', async () => {
      const { predictor, runs } = predictorOf(signature, run);
      expect(await ask(predictor, ['scores'], 1, 2)).to.deep.equal([1, 2]);
      expect(runs).to.deep.equal([
        [1, 'scores'],
        [1, 'scores'],
      ]);
      await ask(predictor, ['scores'], 3);
      runs.length = 0;
      expect(await ask(predictor, ['scores'], 4, 5, 6)).to.deep.equal([4, 5, 6]);
      expect(runs).to.deep.equal([[3, 'scores']]);
    });

    it('are given whole to everyone when they have none, also when their length happens to be that of a batch', async () => {
      const { predictor, runs } = predictorOf(signature, run);
      for (let round = 0; round < 3; round += 1) {
        expect(await ask(predictor, ['classes'], 1, 2)).to.deep.equal([
          [10, 20],
          [10, 20],
        ]);
        expect(await ask(predictor, ['loss', 'scores'], 3, 4)).to.deep.equal([
          new Map([
            ['loss', 0.5],
            ['scores', 3],
          ]),
          new Map([
            ['loss', 0.5],
            ['scores', 4],
          ]),
        ]);
      }
      expect(runs.filter(([, outputs]) => outputs === 'loss,scores').map(([rows]) => rows)).to.deep.equal([
        1, 1, 1, 1, 1, 1,
      ]);
    });

    it('are not coalesced when the model fails with more than one row', async () => {
      const single: Run = async (feeds, wanted) => {
        if (rowsOf(feeds) > 1) throw new RequestError('InvalidInput', 'the model refuses these values');
        return run(feeds, wanted);
      };
      const { predictor, runs } = predictorOf(signature, single);
      await ask(predictor, ['scores'], 1);
      await ask(predictor, ['scores'], 1);
      runs.length = 0;
      expect(await ask(predictor, ['scores'], 2, 3)).to.deep.equal([2, 3]);
      expect(runs).to.deep.equal([
        [1, 'scores'],
        [1, 'scores'],
      ]);
    });
  });

  describe('warns of missing values', () => {
    const trees = { traits: { treeInputs: ['X', 'x', 'monthly_fee', 'Amount__EUR_'] } };
    const because =
      "tree ensembles lose how they treat them when they are converted to ONNX, so predictions may differ from the original model's";
    const cases: [name: string, signature: ModelSignature, instances: unknown[], warnings: string[]][] = [
      [
        'in a matrix',
        { ...SAMPLES.iris, ...trees },
        [
          [1, null, null, 4],
          [1, 2, 3, 4],
          ['NaN', 2, 3, 4],
        ],
        [`2 of 3 rows have missing values ("X"); ${because}`],
      ],
      [
        'in columns',
        { ...SAMPLES.customers, ...trees },
        [
          { age: 1, monthly_fee: null, plan: 'a', 'Amount (EUR)': 1 },
          { age: 1, monthly_fee: 1, plan: 'a', 'Amount (EUR)': null },
        ],
        [`2 of 2 rows have missing values ("monthly_fee", "Amount__EUR_"); ${because}`],
      ],
      [
        'in float16',
        { ...classifierOf([['x', 'FP16', [-1, 2]]]), ...trees },
        [[1, null]],
        [`1 of 1 rows have missing values ("x"); ${because}`],
      ],
      ['not when all are there', { ...SAMPLES.iris, ...trees }, [[1, 2, 3, 'Infinity']], []],
      [
        'not of what never gets to a tree',
        { ...SAMPLES.customers, traits: { treeInputs: ['age'] } },
        [{ age: 1, monthly_fee: null, plan: 'a', 'Amount (EUR)': 1 }],
        [],
      ],
      ['not of a model without trees', SAMPLES.iris, [[1, null, null, 4]], []],
    ];
    for (const [name, signature, instances, warnings] of cases) {
      it(name, async () => {
        const { predictor } = predictorOf(signature, classify);
        expect((await predictor.predict(decode(signature, ...instances))).warnings).to.deep.equal(warnings);
      });
    }
  });

  describe("refuses feeds that are not the model's inputs, before they join a batch", () => {
    const X = matrix([[1, 2, 3, 4]]);
    const cases: [name: string, feeds: [string, Tensor][], rows: number, error: string][] = [
      ['a missing input', [], 1, 'input "X": is missing'],
      ['another name', [['x', X]], 1, 'input "X": is missing'],
      [
        'an input too many',
        [
          ['X', X],
          ['Y', X],
        ],
        1,
        'input "Y": the model has no such input',
      ],
      [
        'another datatype',
        [['X', { ...X, datatype: 'FP64', data: Float64Array.of(1, 2, 3, 4) }]],
        1,
        'input "X": expected datatype FP32, got FP64',
      ],
      ['another length of rows', [['X', matrix([[1, 2, 3]])]], 1, 'input "X": expected shape [-1,4], got [1,3]'],
      ['another rank', [['X', { ...X, shape: [4] }]], 1, 'input "X": expected shape [-1,4], got [4]'],
      ['another number of rows', [['X', X]], 2, 'input "X": expected 2 rows, got 1'],
    ];
    for (const [name, feeds, rows, error] of cases) {
      it(name, async () => {
        const { predictor, runs } = predictorOf(SAMPLES.iris, classify);
        const thrown = await rejectionOf(
          RequestError,
          predictor.infer({ feeds: new Map(feeds), rows, outputs: ['label'] }),
        );
        expect([thrown.code, thrown.message]).to.deep.equal(['InvalidInput', error]);
        expect(runs).to.have.length(0);
      });
    }
  });

  it('admits up to maxQueuedRows, and says when to come back', async () => {
    const { predictor } = predictorOf(SAMPLES.iris, classify, { maxRows: 2, maxQueuedRows: 2 });
    const row = decode(SAMPLES.iris, [1, 2, 3, 4]);
    const admitted = [predictor.predict(row), predictor.predict(row)];
    expect(predictor.queuedRows).to.equal(2);
    expect(predictor.refusal()).to.be.instanceOf(RequestError);
    const refused = await rejectionOf(RequestError, predictor.predict(row));
    expect([refused.code, refused.retryAfterSeconds]).to.deep.equal(['Overloaded', 1]);
    await Promise.all(admitted);
    expect(predictor.refusal()).to.equal(undefined);
  });

  it('passes deadline and signal on', async () => {
    const { predictor, runs } = predictorOf(SAMPLES.iris, classify);
    const row = decode(SAMPLES.iris, [1, 2, 3, 4]);
    const late = await rejectionOf(RequestError, predictor.predict(row, { deadlineMs: performance.now() }));
    const gone = await rejectionOf(RequestError, predictor.predict(row, { signal: AbortSignal.abort() }));
    expect([late.code, gone.code, runs.length]).to.deep.equal(['DeadlineExceeded', 'DeadlineExceeded', 0]);
  });
});
