import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startFaultyProxy } from '../../../dev/faulty-proxy.ts';
import { ENV } from '../../../runtime/contract.ts';
import { freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { expectGolden, goldenAnswers } from '../../support/golden-answers.ts';
import { badModels, modelPath, sampleModels } from '../../support/models.ts';
import { NodeProcess } from '../../support/runtime-process.ts';
import { bodyOf } from '../../support/served-model.ts';

/** `modeldeployment serve`, as people start it. */
describe('serve', function () {
  this.timeout(60_000);
  let temporary: string;
  before(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'serve-'));
  });
  after(() => rm(temporary, { recursive: true }));

  const serve = (args: readonly string[], env: Record<string, string> = {}): NodeProcess =>
    new NodeProcess(['cli/main.ts', 'serve', ...args], { TMPDIR: temporary, ...env });
  const anyPort = ['--port', '0', '--grpc-port', '0', '--metrics-port', '0'];
  const post = async (url: string, body: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };

  for (const model of sampleModels()) {
    it(`serves ${model.name}, and the example it prints`, async () => {
      await using server = serve([model.file, ...anyPort]);
      const [, url = ''] = await server.printed(/predictions {2}(http:\S+)/);
      const { status, body } = await post(url, bodyOf(model));
      expect(status).to.equal(200);
      expectGolden(body.predictions, goldenAnswers(model), model.tolerance);

      const [, exampleUrl = '', data = ''] = await server.printed(/^curl -s (\S+) .* -d '(.*)'$/m);
      const example = data.startsWith('@') ? await readFile(data.slice(1), 'utf8') : data.replaceAll(`'\\''`, "'");
      expect((await post(exampleUrl, example)).status, example).to.equal(200);
    });
  }

  it('ends on Ctrl-C, leaving nothing behind', async () => {
    const own = await mkdtemp(join(temporary, 'own-'));
    await using server = serve([modelPath('iris-lr-strings.onnx'), ...anyPort], { TMPDIR: own, HOME: own });
    await server.printed(/Ctrl-C ends it/);
    // The folder of this run, and nothing of onnxruntime's telemetry.
    expect(await readdir(own)).to.have.length(1);
    server.signal('SIGINT');
    expect(await server.exit()).to.include({ code: 0, stderr: '' });
    expect(await readdir(own)).to.deep.equal([]);
  });

  it('serves a folder of a bucket under another name', async () => {
    const emulator = await sharedStorageEmulator();
    const bucket = await freshBucket(emulator);
    await bucket.uploadFile(modelPath('torch-mlp.onnx'), 'torch/torch-mlp.onnx');
    await bucket.uploadFile(modelPath('torch-mlp.onnx.data'), 'torch/torch-mlp.onnx.data');
    const args = [
      bucket.path('torch'),
      '--name',
      'ü mlp',
      '--labels',
      'a,b,c,d',
      '--activation',
      'Softmax',
      ...anyPort,
    ];
    await using server = serve(args, { [ENV.storageEmulatorHost]: emulator.url });
    const [, url = ''] = await server.printed(/(http:\S+:predict)/);
    expect(url).to.include('/v1/models/%C3%BC%20mlp:predict');
    const { status, body } = await post(url, '{"instances": [[1, 2, 3, 4, 5, 6]]}');
    expect(status).to.equal(200);
    expect(Object.keys(body.predictions[0].probabilities)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  for (const { name, file, what, hint } of badModels()) {
    it(`refuses ${what} with one line`, async () => {
      await using server = serve([file, ...anyPort]);
      const { code, stdout, stderr } = await server.exit();
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(/^(Model\w+|ExternalDataMissing): [^\n]+\n$/, name);
      expect(stderr).to.match(hint);
    });
  }

  for (const [name, args, env, line] of [
    ['nothing', ['nope.onnx', ...anyPort], {}, /^ModelNotFound: .*nope\.onnx does not exist[^\n]*\n$/],
    ['a wrong setting', ['x.onnx', '--max-rows', '0'], {}, /^InvalidSpec: --max-rows is "0"[^\n]*\n$/],
    ['an unknown flag', ['x.onnx', '--nope'], {}, /^InvalidSpec: [^\n]*--nope[^\n]*\n$/],
    [
      'storage that is out of reach',
      ['gs://models/iris.onnx', ...anyPort],
      { [ENV.storageEmulatorHost]: 'http://127.0.0.1:9' },
      /^StorageUnavailable: gs:\/\/models\/iris\.onnx [^\n]*\n$/,
    ],
  ] as const) {
    it(`refuses ${name} with one line`, async () => {
      await using server = serve(args, env);
      const { code, stdout, stderr } = await server.exit();
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(line);
    });
  }

  it('refuses a model that it may not read with one line', async () => {
    const emulator = await sharedStorageEmulator();
    const proxy = await startFaultyProxy(emulator.url);
    try {
      proxy.inject({ fault: { kind: 'status', status: 403 } });
      await using server = serve(['gs://models/iris.onnx', ...anyPort], { [ENV.storageEmulatorHost]: proxy.url });
      const { code, stdout, stderr } = await server.exit();
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(/^ModelAccessDenied: [^\n]*storage\.objects\.get[^\n]*\n$/);
    } finally {
      await proxy.stop();
    }
  });

  it('shows how it is used', async () => {
    await using help = serve(['--help']);
    expect(await help.exit()).to.include({ code: 0, stderr: '' });
    expect(help.stdout).to.include('--max-queued-rows');
    await using unknown = new NodeProcess(['cli/main.ts', 'sevre']);
    const { code, stderr } = await unknown.exit();
    expect(code).to.equal(2);
    expect(stderr).to.include('There is no command "sevre"').and.include('serve PATH');
  });
});
