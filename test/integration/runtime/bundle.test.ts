import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { run } from '../../../dev/command.ts';
import { ENV } from '../../../runtime/contract.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from '../../support/bucket.ts';
import { expectGolden, goldenAnswers } from '../../support/golden-answers.ts';
import { GrpcClient } from '../../support/grpc-client.ts';
import { deepTree } from '../../support/hostile-models.ts';
import { sampleModel } from '../../support/models.ts';
import { RuntimeProcess } from '../../support/runtime-process.ts';
import { bodyOf } from '../../support/served-model.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What the image starts: everything that is found by a path, or loaded only when it is wanted, must be found from the bundle, too. */
describe('bundled runtime', function () {
  this.timeout(60_000);
  let folder: string;
  let bucket: TestBucket;
  let emulatorUrl: string;
  before(async () => {
    // Below the checkout, whose node_modules it needs.
    await mkdir(join(ROOT, 'dist'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'dist', 'bundle-test-'));
    await run(process.execPath, [join(ROOT, 'dev', 'images', 'bundle.ts'), 'runtime', folder]);
    const emulator = await sharedStorageEmulator();
    emulatorUrl = emulator.url;
    bucket = await freshBucket(emulator);
  });
  after(() => rm(folder, { recursive: true }));

  const start = (object: string, env: Record<string, string> = {}): RuntimeProcess =>
    new RuntimeProcess(
      {
        [ENV.modelPath]: bucket.path(object),
        [ENV.modelDir]: join(folder, 'models'),
        [ENV.storageEmulatorHost]: emulatorUrl,
        ...env,
      },
      relative(ROOT, join(folder, 'runtime', 'main.js')),
    );

  for (const [where, env] of [
    ['on the main thread', { [ENV.terminationLog]: '/dev/null' }],
    ['on a worker thread, after a trial', { [ENV.inferenceThread]: 'Worker' }],
    ['with traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }],
  ] as const) {
    it(`downloads and serves a model ${where}`, async () => {
      const model = sampleModel('iris-lr-strings');
      await bucket.uploadFile(model.file, 'model.onnx');
      await using runtime = start('model.onnx', env);
      await runtime.logged('ready');
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${await runtime.url()}/predict`, { method: 'POST', body: bodyOf(model), headers });
      expectGolden(
        ((await response.json()) as { predictions: unknown[] }).predictions,
        goldenAnswers(model),
        model.tolerance,
      );
      expect([await runtime.status('/docs'), await runtime.status('/openapi.json')]).to.deep.equal([200, 200]);
      using client = new GrpcClient(Number(new URL(await runtime.url('grpcPort')).port));
      expect((await client.health()).message).to.deep.equal({ status: 'SERVING' });
      runtime.signal('SIGINT');
      expect(await runtime.exit()).to.include({ code: 0, stderr: '' });
      expect(runtime.log().filter(({ level }) => level > 30)).to.deep.equal([]);
    });
  }

  it('tells why a model is refused', async () => {
    await bucket.upload('model.onnx', deepTree(20_000));
    await using runtime = start('model.onnx', { [ENV.terminationLog]: '' });
    expect(await runtime.exit()).to.include({ code: 1, stderr: '' });
    expect(runtime.log().at(-1)!['reason']).to.equal('ModelUnsupported');
    expect(runtime.log().at(-1)!.msg).to.include('SIGSEGV');
  });
});
