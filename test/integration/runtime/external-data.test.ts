import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../../../runtime/config.ts';
import { ENV } from '../../../runtime/contract.ts';
import { ModelFailure } from '../../../runtime/errors.ts';
import { loadModel } from '../../../runtime/load-model.ts';
import { createModelStore } from '../../../storage/index.ts';
import { parseModelPath } from '../../../storage/model-path.ts';
import type { ModelStore } from '../../../storage/model-store.ts';
import { attribute, FLOAT, graph, model, node, tensor, tensorType, valueInfo } from '../../runtime/onnx/build-model.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from '../../support/bucket.ts';
import { rejectionOf } from '../../support/thrown.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ROW = [1, 2, 3, 4];

/** Weights beside the model, from the bucket to the answer. */
describe('external data', function () {
  this.timeout(60_000);
  let folder: string;
  let store: ModelStore;
  let bucket: TestBucket;
  beforeEach(async () => {
    const emulator = await sharedStorageEmulator();
    bucket = await freshBucket(emulator);
    store = createModelStore({ emulatorHost: emulator.url });
    folder = await mkdtemp(join(tmpdir(), 'external-data-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Downloads and loads the folder `m/` of the bucket. @returns the answer to ROW */
  async function answer(): Promise<number[]> {
    const path = bucket.path('m/');
    const config = readConfig({ [ENV.modelPath]: path, [ENV.modelDir]: join(folder, 'work') });
    const downloaded = await store.download(parseModelPath(path), join(folder, 'model'), {});
    const { session } = await loadModel(downloaded, config, { log: SILENT });
    try {
      const feeds = new Map([['x', { datatype: 'FP32', shape: [1, 4], data: Float32Array.from(ROW) } as const]]);
      const { data } = (await session.run(feeds, ['y'])).get('y')!;
      return [...(data as Float32Array)];
    } finally {
      await session.close();
    }
  }

  for (const [name, locations] of [
    ['several files', ['model.onnx.data', 'model.onnx.data.1', 'third']],
    ['names with spaces and of other scripts', ['my weights (1).bin', 'größe.data', '重み.data']],
    ['files in folders', ['weights/a.bin', 'weights/b.bin', 'more weights/ü/c.bin']],
    ['names that go up and down again', ['./model.data', 'a/../b.data', 'a/./c.data']],
    ['names that look like URLs and patterns', ['50%.data', 'a%20b.data', 'c+?#*.data']],
  ] as const) {
    it(`from ${name} ends up where it belongs`, async () => {
      await bucket.upload('m/the model.onnx', addsFrom(locations));
      for (const [position, location] of locations.entries()) {
        await bucket.upload(posix.join('m', location), floats(10 ** (position + 1)));
      }
      expect(await answer()).to.deep.equal(ROW.map((value) => value + 1110));
    });
  }

  it('may be one file for several tensors, each at its offset', async () => {
    const weights = [1000, 100].map((_, position) =>
      tensor({
        name: `w${position}`,
        dataType: FLOAT,
        dims: [4],
        external: { location: 'all.data', offset: String(position * 16), length: '16' },
      }),
    );
    await bucket.upload('m/model.onnx', addsWeights(weights));
    await bucket.upload('m/all.data', Buffer.concat([floats(1000), floats(100)]));
    expect(await answer()).to.deep.equal(ROW.map((value) => value + 1100));
  });

  it('may be an empty file that nothing is in', async () => {
    await bucket.upload('m/model.onnx', addsFrom([]));
    await bucket.upload('m/model.onnx.data', '');
    expect(await answer()).to.deep.equal(ROW);
  });

  it('may be an empty file that a tensor without elements is in', async () => {
    const nothing = tensor({ name: 'w', dataType: FLOAT, dims: [0], external: { location: 'model.onnx.data' } });
    const sum = node({ op: 'ReduceSum', inputs: ['w'], outputs: ['sum'], attributes: [attribute.int('keepdims', 0)] });
    await bucket.upload(
      'm/model.onnx',
      takesAndGives([sum, node({ op: 'Add', inputs: ['x', 'sum'], outputs: ['y'] })], [nothing]),
    );
    await bucket.upload('m/model.onnx.data', '');
    expect(await answer()).to.deep.equal(ROW);
  });

  for (const [name, locations, present, reason, words] of [
    ['that is missing', ['one.data', 'two words.data'], ['one.data'], 'ExternalDataMissing', '"two words.data"'],
    ['that is empty', ['model.onnx.data'], ['empty'], 'ModelInvalid', '"model.onnx.data" has 0 bytes'],
    ['that is a folder', ['one'], ['one/two.data'], 'ExternalDataMissing', '"one"'],
    ['above the folder', ['../secret.data'], [], 'ModelInvalid', "outside of the model's folder"],
    ['anywhere on the disk', ['/etc/hostname'], [], 'ModelInvalid', "outside of the model's folder"],
  ] as const) {
    it(`${name} is ${reason}`, async () => {
      await bucket.upload('m/model.onnx', addsFrom(locations));
      await bucket.upload('secret.data', floats(1));
      for (const object of present) {
        await (object === 'empty' ? bucket.upload(`m/${locations[0]}`, '') : bucket.upload(`m/${object}`, floats(1)));
      }
      const error = await rejectionOf(ModelFailure, answer());
      expect(error.reason).to.equal(reason);
      expect(error.message).to.include(words);
    });
  }
});

const floats = (value: number): Uint8Array => new Uint8Array(new Float32Array(4).fill(value).buffer);

/** Adds to x one tensor from each of these files. */
function addsFrom(locations: readonly string[]): Uint8Array {
  return addsWeights(
    locations.map((location, position) =>
      tensor({ name: `w${position}`, dataType: FLOAT, dims: [4], external: { location } }),
    ),
  );
}

/** y = x + w0 + w1 + ... */
function addsWeights(initializers: readonly Uint8Array[]): Uint8Array {
  const nodes = initializers.map((_, position) =>
    node({ op: 'Add', inputs: [position === 0 ? 'x' : `s${position}`, `w${position}`], outputs: [`s${position + 1}`] }),
  );
  const last = initializers.length === 0 ? 'x' : `s${initializers.length}`;
  return takesAndGives([...nodes, node({ op: 'Identity', inputs: [last], outputs: ['y'] })], initializers);
}

/** x and y are [N, 4] floats. */
function takesAndGives(nodes: Uint8Array[], initializers: readonly Uint8Array[]): Uint8Array {
  const rows = tensorType(FLOAT, ['N', 4]);
  return model(
    graph({
      nodes,
      inputs: [valueInfo('x', rows)],
      outputs: [valueInfo('y', rows)],
      initializers: [...initializers],
    }),
  );
}
