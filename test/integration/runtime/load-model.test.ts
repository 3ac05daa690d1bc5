import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { readConfig, type RuntimeConfig } from '../../../runtime/config.ts';
import { ENV } from '../../../runtime/contract.ts';
import { ModelFailure } from '../../../runtime/errors.ts';
import { loadModel, type LoadedModel } from '../../../runtime/load-model.ts';
import { Predictor } from '../../../runtime/predictor.ts';
import { runSelfCheck } from '../../../runtime/self-check.ts';
import { FLOAT, graph, INT64, model, node, tensor, tensorType, valueInfo } from '../../runtime/onnx/build-model.ts';
import { deepTree, hungry, loop } from '../../support/hostile-models.ts';
import { modelPath } from '../../support/models.ts';
import { rejectionOf } from '../../support/thrown.ts';

const SHA256 = 'ab'.repeat(32);
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('loadModel', function () {
  this.timeout(60_000);
  let folder: string;
  let work: string;
  const opened: LoadedModel[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'load-model-'));
    work = join(folder, 'work');
    await mkdir(join(folder, 'model'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ session }) => session.close()));
    await rm(folder, { recursive: true });
  });

  /** Copies files of the fixtures into the model's folder. */
  async function put(...names: string[]): Promise<string> {
    for (const name of names) await copyFile(modelPath(name), join(folder, 'model', basename(name)));
    return join(folder, 'model', basename(names[0]!));
  }
  async function write(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(join(folder, 'model', name), content);
    return join(folder, 'model', name);
  }
  async function load(
    modelFile: string,
    env: Record<string, string> = {},
    { isRestarted = false } = {},
  ): Promise<LoadedModel> {
    const config: RuntimeConfig = readConfig({ [ENV.modelPath]: modelFile, [ENV.modelDir]: work, ...env });
    const loaded = await loadModel({ modelFile, sha256: SHA256 }, config, { log: SILENT, isRestarted });
    opened.push(loaded);
    return loaded;
  }
  const refusal = (loading: Promise<unknown>): Promise<ModelFailure> => rejectionOf(ModelFailure, loading);

  it('warms a model up and settles what its numbers are', async () => {
    const { signature, exampleFeeds, warnings, oneRowMs } = await load(await put('iris-svc-scores.onnx'));
    const { presentation } = signature;
    expect(presentation.task === 'classification' && presentation.targets[0].scoreKind).to.equal('scores');
    expect([...exampleFeeds!.keys()]).to.deep.equal(['X']);
    expect(warnings).to.deep.equal([]);
    expect(oneRowMs).to.be.greaterThan(0);
  });

  it('leaves the model and its folder as they were, and nothing behind', async () => {
    await load(await put('iris-lr-strings.onnx'));
    expect(await readdir(join(folder, 'model'))).to.deep.equal(['iris-lr-strings.onnx']);
    expect(await readdir(work)).to.deep.equal([]);
  });

  for (const thread of ['Main', 'Worker'] as const) {
    it(`runs on ${thread} when told to`, async () => {
      const loaded = await load(await put('iris-lr-strings.onnx'), { [ENV.inferenceThread]: thread });
      expect(loaded.thread).to.equal(thread);
      const outputs = await loaded.session.run(loaded.exampleFeeds!, loaded.signature.presentation.outputs);
      expect(outputs.size).to.equal(2);
    });
  }

  it('finds external data beside the model', async () => {
    const { signature } = await load(await put('torch-mlp.onnx', 'torch-mlp.onnx.data'));
    expect(signature.inputs.map(({ name }) => name)).to.deep.equal(['x']);
  });

  it('follows links to external data, which onnxruntime refuses', async () => {
    await put('torch-mlp.onnx');
    await mkdir(join(folder, 'blobs'));
    await copyFile(modelPath('torch-mlp.onnx.data'), join(folder, 'blobs', 'abc'));
    await symlink(join(folder, 'blobs', 'abc'), join(folder, 'model', 'torch-mlp.onnx.data'));
    await load(join(folder, 'model', 'torch-mlp.onnx'));
    expect(await readdir(work)).to.deep.equal([]);
  });

  it('names the external data that is missing, and what to do', async () => {
    const error = await refusal(load(await put('torch-mlp.onnx')));
    expect(error.reason).to.equal('ExternalDataMissing');
    expect(error.message).to.include('"torch-mlp.onnx.data"').and.include('upload');
  });

  it('refuses external data that is cut off', async () => {
    const file = await put('torch-mlp.onnx', 'torch-mlp.onnx.data');
    await write('torch-mlp.onnx.data', new Uint8Array(100));
    const error = await refusal(load(file));
    expect(error.reason).to.equal('ModelInvalid');
    expect(error.message).to.include('has 100 bytes');
  });

  it('takes class names from labels.json', async () => {
    const file = await put('torch-mlp.onnx', 'torch-mlp.onnx.data');
    await write('labels.json', '["a", "b", "c", "d"]');
    const { presentation } = (await load(file)).signature;
    expect(presentation.task === 'classification' && presentation.targets[0].labels).to.deep.equal([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it('refuses settings that do not fit the model', async () => {
    const error = await refusal(load(await put('house-prices-rf.onnx'), { [ENV.modelLabels]: '["a", "b", "c"]' }));
    expect(error.reason).to.equal('InvalidSpec');
  });

  it('refuses a model that is larger than the memory before it is tried', async () => {
    const error = await refusal(load(await put('house-prices-rf.onnx'), { [ENV.memoryLimitBytes]: '10000' }));
    expect(error.reason).to.equal('ModelTooLarge');
  });

  it('refuses a model that fails on whatever it is given', async () => {
    const error = await refusal(load(await write('model.onnx', hungry(2 ** 50))));
    expect(error.reason).to.equal('ModelUnsupported');
    expect(error.message).to.include('cannot run it');
  });

  it('serves a model that took none of the made-up rows, and says so', async () => {
    const { warnings, exampleFeeds, oneRowMs } = await load(await write('model.onnx', picky()));
    expect([exampleFeeds, oneRowMs]).to.deep.equal([undefined, undefined]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('golden.json');
  });

  describe('where a process that dies is started again', () => {
    const restarted = { isRestarted: true };
    const MARKER = `loading-${SHA256}`;

    it('loads a small model at once, and leaves nothing behind', async () => {
      const { thread, oneRowMs } = await load(await put('iris-lr-strings.onnx'), {}, restarted);
      expect(thread).to.equal('Main');
      expect(oneRowMs).to.be.greaterThan(0);
      expect(await readdir(work)).to.deep.equal([]);
    });

    it('says in a file what is being loaded, for as long as it may die of it', async () => {
      const error = await refusal(load(await write('model.onnx', hungry(2 ** 50)), {}, restarted));
      expect(error.message).to.include('cannot run it');
      expect(await readdir(work)).to.deep.equal([MARKER]);
    });

    it('tries a model first that a process before may have died of, each time', async () => {
      const file = await write('model.onnx', deepTree(20_000));
      await mkdir(work);
      await writeFile(join(work, MARKER), '');
      for (let start = 0; start < 2; start += 1) {
        expect((await refusal(load(file, {}, restarted))).message).to.include('SIGSEGV');
        expect(await readdir(work)).to.deep.equal([MARKER]);
      }
    });

    it('loads a model that has passed its trial, and forgets that a process died', async () => {
      await mkdir(work);
      await writeFile(join(work, MARKER), '');
      await load(await put('iris-lr-strings.onnx'), {}, restarted);
      expect(await readdir(work)).to.deep.equal([]);
    });

    it('tries a model first that could run without end', async () => {
      const error = await refusal(
        load(await write('model.onnx', loop()), { [ENV.requestTimeoutMs]: '500' }, restarted),
      );
      expect(error.message).to.include('one row within 1 s');
      expect(await readdir(folder)).to.deep.equal(['model']);
    });

    it('tries a model first where nothing can be written', async () => {
      const file = await write('model.onnx', deepTree(20_000));
      await writeFile(work, 'no folder');
      expect((await refusal(load(file, {}, restarted))).message).to.include('SIGSEGV');
    });

    it('refuses a model that takes more memory than there is', async () => {
      const file = await write('model.onnx', hungry(2 ** 28));
      const error = await refusal(load(file, { [ENV.memoryLimitBytes]: String(2 ** 29) }, restarted));
      expect(error.reason).to.equal('ModelTooLarge');
      expect(error.message).to.include('512 MiB');
    });

    for (const thread of ['Main', 'Worker'] as const) {
      it(`runs on ${thread} when told to`, async () => {
        const loaded = await load(await put('iris-lr-strings.onnx'), { [ENV.inferenceThread]: thread }, restarted);
        expect(loaded.thread).to.equal(thread);
      });
    }

    it('serves a model that took none of the made-up rows', async () => {
      const { warnings, thread } = await load(await write('model.onnx', picky()), {}, restarted);
      expect([warnings.length, thread]).to.deep.equal([1, 'Worker']);
    });
  });

  describe('self-check', () => {
    const ROW = [5.5, 4.2, 1.4, 0.2];
    const check = async (golden: unknown): Promise<number> => {
      await write('golden.json', typeof golden === 'string' ? golden : JSON.stringify(golden));
      const { signature, session, golden: text } = await load(await put('iris-lr-strings.onnx'));
      const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
      return runSelfCheck(text!, predictor, { signature, deadlineMs: Infinity });
    };
    const answer = { label: 'setosa', probabilities: { setosa: 0.98665008, versicolor: 0.0133498988 } };

    for (const [name, golden] of [
      ['the original library', { instances: [ROW], predictions: [answer] }],
      ['labels alone', { instances: [ROW, ROW], predictions: [{ label: 'setosa' }, {}] }],
      ['a wide tolerance', { instances: [ROW], predictions: [{ probabilities: { setosa: 0.95 } }], tolerance: 0.1 }],
    ] as const) {
      it(`passes with the answers of ${name}`, async () => {
        expect(await check(golden)).to.equal(golden.instances.length);
      });
    }

    for (const [name, golden, reason, words] of [
      [
        'another number',
        { instances: [ROW], predictions: [{ probabilities: { setosa: 0.5 } }] },
        'ModelRejected',
        'predictions[0].probabilities.setosa: expected 0.5, got 0.98665',
      ],
      [
        'another label',
        { instances: [ROW], predictions: [{ label: 'virginica' }] },
        'ModelRejected',
        'expected "virginica", got "setosa"',
      ],
      [
        'a row that does not fit',
        { instances: [[1]], predictions: [{}] },
        'ModelRejected',
        'instances[0]: expected 4 numbers',
      ],
      ['no JSON', '{', 'ModelInvalid', 'golden.json'],
      ['no list', '[]', 'ModelInvalid', '"instances"'],
      ['null', 'null', 'ModelInvalid', '"instances"'],
      ['no rows', { instances: [], predictions: [] }, 'ModelInvalid', '"instances"'],
      ['a missing answer', { instances: [ROW], predictions: [] }, 'ModelInvalid', '"predictions"'],
      [
        'a tolerance that is none',
        { instances: [ROW], predictions: [{}], tolerance: '1' },
        'ModelInvalid',
        '"tolerance"',
      ],
    ] as const) {
      it(`refuses ${name}`, async () => {
        const error = await refusal(check(golden));
        expect(error.reason).to.equal(reason);
        expect(error.message).to.include(words);
      });
    }
  });
});

/** Looks its input up in a table, where neither 0 nor 1 is found: `y = table[x + 5 billion]` until x is negative enough. */
function picky(): Uint8Array {
  const far = new Uint8Array(BigInt64Array.of(5_000_000_000n).buffer);
  return model(
    graph({
      nodes: [
        node({ op: 'Add', inputs: ['x', 'far'], outputs: ['index'] }),
        node({ op: 'Gather', inputs: ['table', 'index'], outputs: ['y'] }),
      ],
      inputs: [valueInfo('x', tensorType(INT64, ['N']))],
      outputs: [valueInfo('y', tensorType(FLOAT, ['N']))],
      initializers: [
        tensor({ name: 'far', dataType: INT64, dims: [1], raw: far }),
        tensor({ name: 'table', dataType: FLOAT, dims: [4], raw: new Uint8Array(16) }),
      ],
    }),
  );
}
