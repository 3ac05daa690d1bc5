import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { tryModel, type TrialLimits, type TrialReport } from '../../../runtime/session/trial.ts';
import { makeWarmUpFeeds } from '../../../runtime/session/warm-up-feeds.ts';
import { attribute, FLOAT, graph, model, node, tensor, tensorType, valueInfo } from '../../runtime/onnx/build-model.ts';
import { deepTree, loop, hungry } from '../../support/hostile-models.ts';
import { modelPath } from '../../support/models.ts';
import { signatureOf } from '../../support/signatures.ts';
import { rejectionOf } from '../../support/thrown.ts';

const LIMITS: TrialLimits = { memoryLimitBytes: 2 ** 33, loadTimeoutMs: 30_000, runTimeoutMs: 30_000 };
const X_TO_Y = signatureOf([['x', 'FP32', [-1, 4]]], [['y', 'FP32', [-1, 4]]]);

describe('trial of a model', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trial-'));
    await writeFile(join(folder, 'empty.data'), '');
  });
  after(() => rm(folder, { recursive: true }));

  async function trial(bytes: Uint8Array, limits: Partial<TrialLimits> = {}): Promise<TrialReport> {
    const modelFile = join(folder, 'model.onnx');
    await writeFile(modelFile, bytes);
    const oneRow = makeWarmUpFeeds(X_TO_Y, 1);
    return tryModel({ modelFile, oneRow, fullBatch: [], outputs: ['y'] }, { ...LIMITS, ...limits });
  }

  it('measures a model that is well', async () => {
    const iris = signatureOf([['X', 'FP32', [-1, 4]]]);
    const report = await tryModel(
      {
        modelFile: modelPath('iris-rf-tensor.onnx'),
        oneRow: makeWarmUpFeeds(iris, 1),
        fullBatch: makeWarmUpFeeds(iris, 64),
        outputs: ['label', 'probabilities'],
      },
      LIMITS,
    );
    expect(report).to.include({ feedsIndex: 0, refusal: undefined });
    expect(report.oneRowMs).to.be.greaterThan(0);
    expect(report.fullBatchMs).to.be.greaterThan(0);
  });

  it('tells what the model says when it takes no row', async () => {
    const modelFile = modelPath('torch-tokens.onnx');
    const far = { datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(10n ** 9n) } as const;
    const feeds = new Map([
      ['tokens', far],
      ['mask', far],
    ]);
    const report = await tryModel({ modelFile, oneRow: [feeds], fullBatch: [], outputs: ['logits'] }, LIMITS);
    expect(report.oneRowMs).to.equal(undefined);
    expect(report.refusal).to.include('out of data bounds');
  });

  for (const [name, bytes, limits, reason, words] of [
    ['crashes onnxruntime', deepTree(20_000), {}, 'ModelUnsupported', 'SIGSEGV'],
    [
      'makes onnxruntime abort',
      withEmptyData(),
      {},
      'ModelUnsupported',
      '(SIGABRT) while loading the model: export it',
    ],
    ['does not finish loading in time', deepTree(1), { loadTimeoutMs: 1 }, 'ModelUnsupported', 'finish loading'],
    ['never answers', loop(), { runTimeoutMs: 1_000 }, 'ModelUnsupported', 'one row within 1 s'],
    ['eats more memory than there is', hungry(2 ** 28), { memoryLimitBytes: 2 ** 29 }, 'ModelTooLarge', '512 MiB'],
  ] as const) {
    it(`refuses a model that ${name}, and lives on`, async () => {
      const error = await rejectionOf(ModelFailure, trial(bytes, limits));
      expect(error.reason).to.equal(reason);
      expect(error.message).to.include(words);
    });
  }

  it('loads a tree that is deep, but not too deep', async () => {
    expect((await trial(deepTree(1_000))).refusal).to.equal(undefined);
  });

  it('ends when it is not wanted any more', async () => {
    const stop = new AbortController();
    const reason = new Error('shutting down');
    const stopping = trial(loop(), { signal: stop.signal });
    stop.abort(reason);
    expect(await rejectionOf(Error, stopping)).to.equal(reason);
  });
});

/** onnxruntime 1.30 aborts when it maps an empty data file; `prepareModel` keeps such files from it. */
function withEmptyData(): Uint8Array {
  const rows = tensorType(FLOAT, ['N', 4]);
  return model(
    graph({
      nodes: [
        node({ op: 'ReduceSum', inputs: ['w'], outputs: ['sum'], attributes: [attribute.int('keepdims', 0)] }),
        node({ op: 'Add', inputs: ['x', 'sum'], outputs: ['y'] }),
      ],
      inputs: [valueInfo('x', rows)],
      outputs: [valueInfo('y', rows)],
      initializers: [tensor({ name: 'w', dataType: FLOAT, dims: [0], external: { location: 'empty.data' } })],
    }),
  );
}
