import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startFaultyProxy } from '../../../dev/faulty-proxy.ts';
import { ENV, parseTerminationMessage, type FailureReason } from '../../../runtime/contract.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from '../../support/bucket.ts';
import { eventually } from '../../support/eventually.ts';
import { GrpcClient, type GrpcAnswer } from '../../support/grpc-client.ts';
import { expectGolden, goldenAnswers } from '../../support/golden-answers.ts';
import { deepTree, hungry, loop } from '../../support/hostile-models.ts';
import { badModels, modelPath, sampleModel } from '../../support/models.ts';
import { RuntimeProcess } from '../../support/runtime-process.ts';
import { bodyOf } from '../../support/served-model.ts';

const LOG_LEVEL_ERROR = 50;

/** The process of a pod, from environment to exit code. */
describe('runtime process', function () {
  this.timeout(60_000);
  let bucket: TestBucket;
  let emulator: { url: string };
  let folder: string;
  beforeEach(async () => {
    emulator = await sharedStorageEmulator();
    bucket = await freshBucket(emulator);
    folder = await mkdtemp(join(tmpdir(), 'runtime-process-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const start = (object: string, env: Record<string, string> = {}): RuntimeProcess =>
    new RuntimeProcess({
      [ENV.modelPath]: bucket.path(object),
      [ENV.modelDir]: join(folder, 'models'),
      [ENV.terminationLog]: join(folder, 'termination-log'),
      [ENV.storageEmulatorHost]: emulator.url,
      ...env,
    });
  const predict = async (runtime: RuntimeProcess, body: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${await runtime.url()}/predict`, { method: 'POST', body, headers });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };

  it('downloads, serves, and ends when told to', async () => {
    const model = sampleModel('iris-lr-strings');
    const generation = await bucket.uploadFile(model.file, 'iris/model.onnx');
    await using runtime = start('iris/model.onnx', { [ENV.modelGeneration]: generation, [ENV.modelName]: 'iris' });
    const ready = await runtime.logged('ready');
    expect(ready).to.deep.include({ model: 'iris', generation, task: 'classification' });
    expect(await runtime.status('/readyz')).to.equal(200);

    const { status, headers, body } = await predict(runtime, bodyOf(model));
    expect([status, headers.get('x-model-generation')]).to.deep.equal([200, generation]);
    expectGolden(body.predictions, goldenAnswers(model), model.tolerance);

    using client = new GrpcClient(Number(new URL(await runtime.url('grpcPort')).port));
    expect((await client.health()).message).to.deep.equal({ status: 'SERVING' });
    const raw = { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4] }], raw_input_contents: [new Uint8Array(16)] };
    const infer = (): Promise<GrpcAnswer> => client.call('ModelInfer', { model_name: 'iris', ...raw });
    const answer = await infer();
    expect([answer.status, answer.headers['x-model-generation']]).to.deep.equal(['OK', generation]);

    const metrics = await (await fetch(`${await runtime.url('metricsPort')}/metrics`)).text();
    expect(metrics)
      .to.include(`modeldeployment_rows_total ${model.rows.length + 1}`)
      .and.include('modeldeployment_ready 1');
    expect(metrics).to.include(`generation="${generation}"`);
    // Of the file in the bucket, not of what its ZipMap was rewritten to.
    expect(metrics).to.include(`sha256="${model.sha256['iris-lr-strings.onnx']}"`);

    runtime.signal('SIGTERM');
    await eventually(async () => expect(await runtime.status('/readyz')).to.equal(503));
    expect((await client.health()).message).to.deep.equal({ status: 'NOT_SERVING' });
    // Endpoints lag behind: requests still come, and are answered.
    expect((await infer()).status).to.equal('OK');
    expect((await predict(runtime, bodyOf(model, 1))).status).to.equal(200);
    expect(await runtime.exit()).to.include({ code: 0, stderr: '' });
    expect(runtime.log().at(-1)).to.deep.include({ msg: 'ended', isDrained: true });
  });

  it('is alive while it loads, and ends at once when told to', async () => {
    await bucket.upload('model.onnx', loop());
    await using runtime = start('model.onnx');
    await runtime.logged('model downloaded');
    expect([await runtime.status('/livez'), await runtime.status('/readyz')]).to.deep.equal([200, 503]);
    const { status, body } = await predict(runtime, '{"instances": [[1, 2, 3, 4]]}');
    expect([status, body.code]).to.deep.equal([503, 'ModelNotReady']);
    runtime.signal('SIGTERM');
    expect(await runtime.exit()).to.include({ code: 0 });
  });

  it('is alive while a slow model runs, and answers what it has begun before it ends', async () => {
    // Most of a second a run, on a thread of its own.
    await bucket.upload('model.onnx', loop(2n ** 20n));
    await using runtime = start('model.onnx');
    expect((await runtime.logged('ready'))['thread']).to.equal('Worker');
    let isAnswered = false;
    const slow = predict(runtime, '{"instances": [[1, 2, 3, 4]]}').finally(() => (isAnswered = true));
    expect([await runtime.status('/livez'), isAnswered]).to.deep.equal([200, false]);
    runtime.signal('SIGINT');
    expect((await slow).status).to.equal(200);
    expect(await runtime.exit()).to.include({ code: 0 });
  });

  it('waits for storage that is out of reach', async () => {
    await bucket.uploadFile(modelPath('iris-lr-strings.onnx'), 'model.onnx');
    const proxy = await startFaultyProxy(emulator.url);
    try {
      proxy.inject({ fault: { kind: 'status', status: 503 }, times: 2 });
      await using runtime = start('model.onnx', { [ENV.storageEmulatorHost]: proxy.url });
      await runtime.logged('ready');
      expect(runtime.log().filter(({ msg }) => /out of reach/.test(msg))).to.have.length(2);
    } finally {
      await proxy.stop();
    }
  });

  describe('failures', () => {
    const REASONS: Record<string, FailureReason> = {
      'future-opset': 'ModelUnsupported',
      'no-external-data': 'ExternalDataMissing',
    };

    /** One line of JSON for the operator, one log line for people, exit code 1. */
    async function expectFailure(runtime: RuntimeProcess, reason: FailureReason, words: RegExp): Promise<void> {
      const { code, stderr } = await runtime.exit();
      const message = await readFile(join(folder, 'termination-log'), 'utf8');
      expect(message).to.match(/^\{[^\n]*\}\n$/);
      expect(parseTerminationMessage(message)).to.deep.include({ reason });
      expect(parseTerminationMessage(message)!.message).to.match(words);
      expect([code, stderr]).to.deep.equal([1, '']);
      const errors = runtime.log().filter(({ level }) => level >= LOG_LEVEL_ERROR);
      expect(errors.map((line) => line['reason'])).to.deep.equal([reason]);
    }

    for (const { name, file, what, hint } of badModels()) {
      it(`refuses ${what}`, async () => {
        await bucket.uploadFile(file, 'model.onnx');
        await using runtime = start('model.onnx');
        await expectFailure(runtime, REASONS[name] ?? 'ModelInvalid', hint);
      });
    }

    for (const [name, bytes, env, reason, words] of [
      ['a model that never answers', loop(), { [ENV.requestTimeoutMs]: '500' }, 'ModelUnsupported', /one row/],
      [
        'a model that needs too much memory',
        hungry(2 ** 28),
        { [ENV.memoryLimitBytes]: String(2 ** 29) },
        'ModelTooLarge',
        /512 MiB/,
      ],
      [
        'other bytes than the spec says',
        loop(),
        { [ENV.modelSha256]: 'a'.repeat(64) },
        'ModelChecksumMismatch',
        /a{64}/,
      ],
      ['settings that do not fit', loop(), { [ENV.modelTask]: 'Wrong' }, 'InvalidSpec', /MODEL_TASK/],
      ['a generation that is gone', loop(), { [ENV.modelGeneration]: '5' }, 'ModelNotFound', /generation 5 .* is gone/],
      ['a port that is none', loop(), { [ENV.httpPort]: '70000' }, 'InvalidSpec', /HTTP_PORT/],
    ] as const) {
      it(`refuses ${name}`, async () => {
        await bucket.upload('model.onnx', bytes);
        await using runtime = start('model.onnx', env);
        await expectFailure(runtime, reason, words);
      });
    }

    it('is started again after a model has crashed onnxruntime, and then says so', async () => {
      await bucket.upload('model.onnx', deepTree(20_000));
      await using crashed = start('model.onnx');
      expect(await crashed.exit()).to.include({ code: null });
      for (let restart = 0; restart < 2; restart += 1) {
        await using runtime = start('model.onnx');
        await expectFailure(runtime, 'ModelUnsupported', /SIGSEGV/);
      }
    });

    it('refuses a model that crashes onnxruntime at once where nobody starts it again', async () => {
      await bucket.upload('model.onnx', deepTree(20_000));
      await using runtime = start('model.onnx', { [ENV.terminationLog]: '' });
      expect(await runtime.exit()).to.include({ code: 1, stderr: '' });
      expect(runtime.log().at(-1)).to.include({ reason: 'ModelUnsupported' });
    });

    for (const [name, object, reason, words] of [
      ['a path with nothing', 'nope.onnx', 'ModelNotFound', /nope\.onnx does not exist/],
      ['a folder with two models', 'two/', 'ModelInvalid', /a\.onnx, b\.onnx/],
    ] as const) {
      it(`refuses ${name}`, async () => {
        await bucket.upload('two/a.onnx', 'x');
        await bucket.upload('two/b.onnx', 'x');
        await using runtime = start(object);
        await expectFailure(runtime, reason, words);
      });
    }

    it('refuses a model that it may not read', async () => {
      const proxy = await startFaultyProxy(emulator.url);
      try {
        proxy.inject({ fault: { kind: 'status', status: 403 } });
        await using runtime = start('model.onnx', { [ENV.storageEmulatorHost]: proxy.url });
        await expectFailure(runtime, 'ModelAccessDenied', /storage\.objects\.get/);
      } finally {
        await proxy.stop();
      }
    });

    it('refuses a model that does not give the answers of golden.json', async () => {
      await bucket.uploadFile(modelPath('iris-lr-strings.onnx'), 'iris/model.onnx');
      const golden = { instances: [[5.5, 4.2, 1.4, 0.2]], predictions: [{ label: 'virginica' }] };
      await bucket.upload('iris/golden.json', JSON.stringify(golden));
      await using runtime = start('iris/');
      await expectFailure(runtime, 'ModelRejected', /expected "virginica", got "setosa"/);
    });

    it('does without a termination log that cannot be written', async () => {
      await writeFile(join(folder, 'file'), '');
      await using runtime = start('nope.onnx', { [ENV.terminationLog]: join(folder, 'file', 'log') });
      expect(await runtime.exit()).to.include({ code: 1, stderr: '' });
    });
  });
});
