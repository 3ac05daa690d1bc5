import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, platform } from 'node:os';
import { expect } from 'chai';
import { RequestError } from '../../../runtime/errors.ts';
import { createInlineSession } from '../../../runtime/session/inline-session.ts';
import { openSession } from '../../../runtime/session/open-session.ts';
import type { Session } from '../../../runtime/session/session.ts';
import { createWorkerSession } from '../../../runtime/session/worker-session.ts';
import { allocateData } from '../../../runtime/tensor/datatype.ts';
import type { Datatype, NamedTensors, Tensor } from '../../../runtime/tensor/tensor.ts';
import { ModelFailure } from '../../../runtime/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { modelPath } from '../../support/models.ts';
import { rejectionOf } from '../../support/thrown.ts';

const floats = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});
const integers = (shape: readonly number[], values: readonly bigint[]): Tensor => ({
  datatype: 'INT64',
  shape,
  data: BigInt64Array.from(values),
});

for (const [name, create] of [
  ['inline', createInlineSession],
  ['worker', (modelFile: string, threads: number) => createWorkerSession({ modelFile, threads })],
] as const) {
  describe(`${name} session`, function () {
    this.timeout(30_000);
    let session: Session | undefined;
    const open = async (file: string, collection?: 'zoo'): Promise<Session> => {
      session = await create(modelPath(file, collection), 1);
      return session;
    };
    afterEach(async () => {
      await session?.close();
      session = undefined;
    });

    it('computes the outputs asked for, and no others', async () => {
      await open('iris-rf-tensor.onnx');
      const feeds = new Map([['X', floats([2, 4], [5.5, 4.2, 1.4, 0.2, 5.8, 2.8, 5.1, 2.4])]]);
      const outputs = await session!.run(feeds, ['probabilities']);
      expect([...outputs.keys()]).to.deep.equal(['probabilities']);
      const { datatype, shape, data } = outputs.get('probabilities')!;
      expect([datatype, shape]).to.deep.equal(['FP32', [2, 3]]);
      expect((data as Float32Array)[0]).to.be.closeTo(1, 1e-5);
      expect((data as Float32Array)[5]).to.be.closeTo(0.983333333, 1e-5);
      expect([...(await session!.run(feeds, ['label'])).get('label')!.data]).to.deep.equal([0n, 2n]);
    });

    it('leaves the feeds as they were, for whoever runs them again', async () => {
      await open('iris-rf-tensor.onnx');
      const values = [5.5, 4.25, 1.5, 0.25];
      const feeds = new Map([['X', floats([1, 4], values)]]);
      const [first, second] = await Promise.all([session!.run(feeds, ['label']), session!.run(feeds, ['label'])]);
      expect(first).to.deep.equal(second);
      expect([...(feeds.get('X')!.data as Float32Array)]).to.deep.equal(values);
    });

    for (const [file, datatype, columns, collection] of [
      ['bool-rows.onnx', 'BOOL', 2, 'zoo'],
      ['uint8-rows.onnx', 'UINT8', 2, 'zoo'],
      ['int8-rows.onnx', 'INT8', 2, 'zoo'],
      ['int64-wide.onnx', 'INT64', 2, 'zoo'],
      ['float16-rows.onnx', 'FP16', 2, 'zoo'],
      ['float64-rows.onnx', 'FP64', 2, 'zoo'],
    ] as const) {
      it(`takes and gives ${datatype}`, async () => {
        await open(file, collection);
        const data = allocateData(datatype, columns);
        const outputs = await session!.run(new Map([['x', { datatype, shape: [1, columns], data }]]), ['y']);
        const { shape, data: got } = outputs.get('y')!;
        expect(shape[0]).to.equal(1);
        expect(got.constructor).to.equal(arrayOf(outputs.get('y')!.datatype));
      });
    }

    it('takes and gives text', async () => {
      await open('echo-strings.onnx');
      const text = ['plain', '', 'naïve café', '日本語', '\0'];
      const outputs = await session!.run(new Map([['text', { datatype: 'BYTES', shape: [5], data: text }]]), ['same']);
      expect(outputs.get('same')).to.deep.include({ datatype: 'BYTES', shape: [5] });
      expect(outputs.get('same')!.data.slice(0, 4)).to.deep.equal(text.slice(0, 4));
    });

    it('takes no rows', async () => {
      await open('iris-rf-tensor.onnx');
      const outputs = await session!.run(new Map([['X', floats([0, 4], [])]]), ['probabilities']);
      expect(outputs.get('probabilities')).to.deep.include({ shape: [0, 3] });
    });

    for (const [name, file, feeds, outputs, words] of [
      [
        'a row that is too long',
        'iris-rf-tensor.onnx',
        [['X', floats([1, 5], [1, 2, 3, 4, 5])]],
        ['label'],
        'dimension 1 has length 5',
      ],
      ['another rank', 'iris-rf-tensor.onnx', [['X', floats([4], [1, 2, 3, 4])]], ['label'], 'has 1 dimensions'],
      [
        'another datatype',
        'iris-rf-tensor.onnx',
        [['X', integers([1, 4], [1n, 2n, 3n, 4n])]],
        ['label'],
        'another datatype',
      ],
      [
        'an index out of bounds',
        'torch-tokens.onnx',
        [
          ['tokens', integers([1, 1], [999n])],
          ['mask', integers([1, 1], [1n])],
        ],
        ['logits'],
        'idx=999',
      ],
    ] as const) {
      it(`refuses ${name} as the request's mistake, and goes on`, async () => {
        await open(file);
        const error = await rejectionOf(RequestError, session!.run(new Map<string, Tensor>(feeds), outputs));
        expect(error.code).to.equal('InvalidInput');
        expect(error.message).to.include(words).and.not.include('onnxruntime_src');
        expect(session!.isAlive()).to.equal(true);
      });
    }

    it('ends runs in flight before it closes', async () => {
      await open('iris-rf-tensor.onnx');
      const run = session!.run(new Map([['X', floats([1, 4], [1, 2, 3, 4])]]), ['label']);
      await session!.close();
      session = undefined;
      expect((await run).get('label')!.shape).to.deep.equal([1]);
    });
  });
}

/** Niceness of every thread of this process (proc_pid_stat(5), field 19). */
function nicenesses(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

describe('worker session', () => {
  it('leaves the core to the other threads of the process', async function () {
    if (platform() !== 'linux') this.skip();
    this.timeout(30_000);
    const nice = getPriority();
    // 19 is the nicest that there is.
    const nicer = (): number => nicenesses().filter((one) => one === Math.min(19, nice + 10)).length;
    const before = nicer();
    const session = await createWorkerSession({ modelFile: modelPath('iris-rf-tensor.onnx'), threads: 1 });
    expect(nicer()).to.equal(before + 1);
    expect(getPriority()).to.equal(nice);
    await session.close();
  });

  it('is not alive once a run lasts far longer than any request', async function () {
    this.timeout(30_000);
    let now = 0;
    const modelFile = modelPath('iris-rf-tensor.onnx');
    const session = await createWorkerSession({ modelFile, threads: 1, now: () => now });
    const run = session.run(new Map([['X', floats([1, 4], [1, 2, 3, 4])]]), ['label']);
    now += 299_000;
    expect(session.isAlive()).to.equal(true);
    now += 2_000;
    expect(session.isAlive()).to.equal(false);
    await run;
    expect(session.isAlive()).to.equal(true);
    await session.close();
    expect(session.isAlive()).to.equal(false);
  });

  const FRAIL = { threads: 1, program: new URL('../../support/frail-worker.ts', import.meta.url) };
  const row = (value: number): NamedTensors => new Map([['X', floats([1, 4], [value, 2, 3, 4])]]);
  const failure = (run: Promise<unknown>): Promise<string> =>
    run.then(
      () => 'none',
      (error: unknown) => (error instanceof RequestError ? error.code : String(error)),
    );

  it('fails the runs of a thread that ends, and answers with another', async function () {
    this.timeout(30_000);
    const session = await createWorkerSession({ ...FRAIL, modelFile: modelPath('iris-rf-tensor.onnx') });
    for (const round of [1, 2, 3, 4, 5]) {
      expect(await failure(session.run(row(Number.NaN), ['label'])), `round ${round}`).to.equal('InferenceFailed');
      expect((await session.run(row(1), ['label'])).get('label')!.shape).to.deep.equal([1]);
      expect(session.isAlive()).to.equal(true);
    }
    await session.close();
    expect(session.isAlive()).to.equal(false);
  });

  it('gives up when thread after thread ends without an answer', async function () {
    this.timeout(30_000);
    const session = await createWorkerSession({ ...FRAIL, modelFile: modelPath('iris-rf-tensor.onnx') });
    for (const attempt of [1, 2, 3, 4]) {
      expect(await failure(session.run(row(Number.NaN), ['label'])), `attempt ${attempt}`).to.equal('InferenceFailed');
    }
    await eventually(() => expect(session.isAlive()).to.equal(false));
    expect(await failure(session.run(row(1), ['label']))).to.equal('InferenceFailed');
    await session.close();
  });
});

describe('openSession', () => {
  for (const thread of ['Main', 'Worker'] as const) {
    it(`gives the reason when a model does not load on ${thread}`, async function () {
      this.timeout(30_000);
      const error = await rejectionOf(ModelFailure, openSession(modelPath('bad/truncated.onnx'), thread, 500));
      expect(error.reason).to.equal('ModelInvalid');
    });
  }
});

function arrayOf(datatype: Datatype): unknown {
  return allocateData(datatype, 0).constructor;
}
