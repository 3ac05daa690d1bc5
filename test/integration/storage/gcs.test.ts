import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startFaultyProxy, type FaultyProxy } from '../../../dev/faulty-proxy.ts';
import type { StorageEmulator } from '../../../dev/storage-emulator.ts';
import { createGcsStore } from '../../../storage/gcs.ts';
import { parseModelPath } from '../../../storage/model-path.ts';
import { StorageError, type ModelStore } from '../../../storage/model-store.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from '../../support/bucket.ts';
import { eventually } from '../../support/eventually.ts';
import { rejectionOf } from '../../support/thrown.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe('GCS store', function () {
  this.timeout(60_000);
  let emulator: StorageEmulator;
  let proxy: FaultyProxy;
  let store: ModelStore;
  let bucket: TestBucket;
  let folder: string;

  before(async () => {
    emulator = await sharedStorageEmulator();
    proxy = await startFaultyProxy(emulator.url);
  });
  after(() => proxy.stop());
  beforeEach(async () => {
    proxy.reset();
    bucket = await freshBucket(emulator);
    store = createGcsStore({ emulatorHost: proxy.url, timeoutMs: 2000 });
    folder = await mkdtemp(join(tmpdir(), 'gcs-store-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const stat = (object: string, generation?: string) => store.stat(parseModelPath(bucket.path(object)), { generation });
  const download = (object: string, options: Parameters<ModelStore['download']>[2] = {}) =>
    store.download(parseModelPath(bucket.path(object)), folder, options);
  const refusal = (promise: Promise<unknown>): Promise<StorageError> => rejectionOf(StorageError, promise);

  /** What is told to users. */
  const told = (outcome: unknown): unknown =>
    outcome instanceof StorageError ? { reason: outcome.reason, message: outcome.message } : outcome;

  describe('stat', () => {
    it('tells generation and size of an object', async () => {
      await bucket.upload('iris/model.onnx', 'old');
      const generation = await bucket.upload('iris/model.onnx', 'newer');
      expect(await stat('iris/model.onnx')).to.deep.equal({
        generation,
        sizeBytes: 5,
        files: [{ name: 'model.onnx', generation, sizeBytes: 5 }],
      });
    });

    it('tells the newest generation and all files of a folder, with and without the slash', async () => {
      const model = await bucket.upload('ü iris/onnx/model.onnx', 'abc');
      const labels = await bucket.upload('ü iris/labels.json', '[]');
      await bucket.upload('ü iris/', '');
      await bucket.upload('ü iris 2/model.onnx', 'other');
      const expected = {
        generation: labels,
        sizeBytes: 5,
        files: [
          { name: 'labels.json', generation: labels, sizeBytes: 2 },
          { name: 'onnx/model.onnx', generation: model, sizeBytes: 3 },
        ],
      };
      expect(await stat('ü iris/')).to.deep.equal(expected);
      expect(await stat('ü iris')).to.deep.equal(expected);
    });

    it('reads a bucket as a folder', async () => {
      const generation = await bucket.upload('model.onnx', 'abc');
      expect(await stat('')).to.deep.include({ generation, sizeBytes: 3 });
    });

    it('asks the second time only whether the object is still the same', async () => {
      await bucket.upload('model.onnx', 'abc');
      const first = await stat('model.onnx');
      expect(await stat('model.onnx')).to.deep.equal(first);
      expect(proxy.requests.map(({ status }) => status)).to.deep.equal([200, 304]);
      const generation = await bucket.upload('model.onnx', 'newer');
      expect(await stat('model.onnx')).to.include({ generation, sizeBytes: 5 });
      expect(proxy.requests.map(({ status }) => status)).to.deep.equal([200, 304, 200]);
      await bucket.delete('model.onnx');
      expect((await refusal(stat('model.onnx'))).reason).to.equal('ModelNotFound');
    });

    it('needs one listing for twenty objects and folders of a bucket, and says what single questions say', async () => {
      for (let index = 0; index < 18; index += 1) await bucket.upload(`models/${index}/model.onnx`, `${index}`);
      await bucket.upload('models/folder/a.onnx', 'a');
      await bucket.upload('models/folder/a.onnx.data', 'weights');
      const names = [
        ...Array.from({ length: 18 }, (_, index) => `models/${index}/model.onnx`),
        'models/folder/',
        'models/folder',
        'models/missing.onnx',
        'models/none/',
      ];
      const paths = names.map((name) => parseModelPath(bucket.path(name)));
      const singly = await Promise.all(paths.map((path) => store.stat(path).catch((error: unknown) => error)));
      proxy.reset();
      const together = await store.statTogether?.(paths);
      expect(proxy.requests).to.have.lengthOf(1);
      expect(together?.map(told)).to.deep.equal(singly.map(told));
    });

    it('is one call for an object', async () => {
      await bucket.upload('model.onnx', 'abc');
      await stat('model.onnx');
      expect(proxy.requests).to.have.length(1);
    });

    for (const [name, objects, path, reason, words] of [
      ['an object that is not there', ['other.onnx'], 'model.onnx', 'ModelNotFound', 'model.onnx does not exist'],
      ['an empty folder', ['other.onnx'], 'iris/', 'ModelNotFound', 'holds no objects'],
      ['a folder with no .onnx', ['iris/model.pkl'], 'iris/', 'ModelInvalid', 'model.pkl'],
      ['a folder with two', ['iris/a.onnx', 'iris/b.onnx'], 'iris', 'ModelInvalid', 'a.onnx, b.onnx'],
      ['names that lead out of it', ['iris/model.onnx', 'iris/../../etc/x'], 'iris/', 'ModelInvalid', '../../etc/x'],
    ] as const) {
      it(`refuses ${name}`, async () => {
        for (const object of objects) await bucket.upload(object, 'abc');
        const error = await refusal(stat(path));
        expect([error.reason, error.retryable]).to.deep.equal([reason, false]);
        expect(error.message).to.include(words).and.include(bucket.name);
      });
    }

    it('tells a missing bucket from a missing object', async () => {
      const error = await refusal(store.stat(parseModelPath('gs://no-such-bucket-here/model.onnx')));
      expect(error.reason).to.equal('ModelNotFound');
      expect(error.message).to.match(/^bucket no-such-bucket-here does not exist/);
    });

    it('says that a generation is gone', async () => {
      const old = await bucket.upload('model.onnx', 'old');
      await bucket.upload('model.onnx', 'new');
      const error = await refusal(stat('model.onnx', old));
      expect(error.reason).to.equal('ModelNotFound');
      expect(error.message).to.include(old).and.include('overwritten');
    });

    for (const [name, fault, reason, retryable] of [
      ['401', { kind: 'status', status: 401 }, 'ModelAccessDenied', false],
      ['403', { kind: 'status', status: 403 }, 'ModelAccessDenied', false],
      ['429', { kind: 'status', status: 429 }, 'StorageUnavailable', true],
      ['500', { kind: 'status', status: 500 }, 'StorageUnavailable', true],
      ['503', { kind: 'status', status: 503 }, 'StorageUnavailable', true],
      ['a connection that is cut', { kind: 'cut', afterBytes: 0 }, 'StorageUnavailable', true],
      ['half an answer', { kind: 'cut', afterBytes: 20 }, 'StorageUnavailable', true],
    ] as const) {
      it(`makes ${name} ${reason}`, async () => {
        await bucket.upload('model.onnx', 'abc');
        proxy.inject({ fault });
        for (const path of ['model.onnx', 'folder/']) {
          const error = await refusal(stat(path));
          expect([error.reason, error.retryable]).to.deep.equal([reason, retryable]);
          expect(error.message).to.include(bucket.path(path));
        }
      });
    }

    it('names the permission that is missing', async () => {
      proxy.inject({ fault: { kind: 'status', status: 403 } });
      expect((await refusal(stat('model.onnx'))).message).to.include('storage.objects.get');
      expect((await refusal(stat('iris/'))).message).to.include('storage.objects.list');
    });

    it('waits no longer than it may, nor than it is wanted', async () => {
      proxy.inject({ fault: { kind: 'slow', bytesPerSecond: 1 } });
      await bucket.upload('model.onnx', 'abc');
      const quick = createGcsStore({ emulatorHost: proxy.url, timeoutMs: 50 });
      const path = parseModelPath(bucket.path('model.onnx'));
      expect((await refusal(quick.stat(path))).reason).to.equal('StorageUnavailable');

      const reason = new Error('not wanted any more');
      const wanted = new AbortController();
      const asked = store.stat(path, { signal: wanted.signal });
      wanted.abort(reason);
      expect(await rejectionOf(Error, asked)).to.equal(reason);
    });

    it('reaches nobody', async () => {
      const nobody = createGcsStore({ emulatorHost: 'http://127.0.0.1:9' });
      const error = await refusal(nobody.stat(parseModelPath('gs://models/model.onnx')));
      expect([error.reason, error.retryable]).to.deep.equal(['StorageUnavailable', true]);
    });
  });

  describe('download', () => {
    it('puts an object into the folder, under its base name', async () => {
      const generation = await bucket.upload('iris/ü model.onnx', 'abc');
      const progress: number[][] = [];
      const model = await download('iris/ü model.onnx', {
        generation,
        sha256: sha256('abc').toUpperCase(),
        onProgress: (...bytes) => progress.push(bytes),
      });
      expect(model).to.deep.include({ generation, sizeBytes: 3, sha256: sha256('abc') });
      expect(await readFile(model.modelFile, 'utf8')).to.equal('abc');
      expect(model.modelFile.startsWith(folder)).to.equal(true);
      expect(progress.at(-1)).to.deep.equal([3, 3]);
    });

    it('puts a folder there with its side files', async () => {
      const files = {
        'onnx/model.onnx': 'model',
        'onnx/ü b/model.onnx.data': randomBytes(3_000_000),
        'labels.json': '["a"]',
        'empty.txt': '',
      };
      for (const [name, content] of Object.entries(files)) await bucket.upload(`iris/${name}`, content);
      const { modelFile, sha256: hash } = await download('iris/');
      const root = join(modelFile, '..', '..');
      for (const [name, content] of Object.entries(files)) {
        expect((await readFile(join(root, name))).equals(Buffer.from(content)), name).to.equal(true);
      }
      expect(await readdir(root, { recursive: true })).to.have.members([...Object.keys(files), 'onnx', 'onnx/ü b']);
      expect(hash).to.equal(sha256('model'));
    });

    it('delivers an old generation of a versioned bucket, also of a folder', async () => {
      bucket = await freshBucket(emulator, { versioned: true });
      const labels = await bucket.upload('iris/labels.json', 'old labels');
      const old = await bucket.upload('iris/model.onnx', 'old');
      await bucket.upload('iris/labels.json', 'new labels');
      await bucket.upload('iris/model.onnx', 'new');
      expect((await download('iris/model.onnx', { generation: old })).sha256).to.equal(sha256('old'));
      const model = await download('iris/', { generation: old });
      expect(model.sha256).to.equal(sha256('old'));
      expect(model.files.find(({ name }) => name === 'labels.json')?.generation).to.equal(labels);
      expect(await readFile(join(model.modelFile, '..', 'labels.json'), 'utf8')).to.equal('old labels');
    });

    for (const [name, overwritten] of [
      ['the model', 'iris/model.onnx'],
      ['a side file', 'iris/labels.json'],
    ] as const) {
      it(`refuses a folder's generation once ${name} was overwritten`, async () => {
        await bucket.upload('iris/labels.json', 'old labels');
        const generation = await bucket.upload('iris/model.onnx', 'old');
        await bucket.upload(overwritten, 'new');
        const error = await refusal(download('iris/', { generation }));
        expect(error.reason).to.equal('ModelNotFound');
        expect(error.message).to.include(generation).and.include('overwritten');
        expect(await readdir(folder)).to.deep.equal([]);
      });
    }

    it('takes the newest when it is overwritten between looking and reading', async () => {
      await bucket.upload('model.onnx', 'old');
      const [fault] = [proxy.inject({ path: /alt=media/, fault: { kind: 'status', status: 404 }, times: 1 })];
      await bucket.upload('model.onnx', 'new');
      expect((await download('model.onnx')).sha256).to.equal(sha256('new'));
      expect(fault.hits).to.equal(1);
    });

    it('refuses other bytes than the spec says', async () => {
      await bucket.upload('model.onnx', 'abc');
      const error = await refusal(download('model.onnx', { sha256: '0'.repeat(64) }));
      expect(error.reason).to.equal('ModelChecksumMismatch');
      expect(error.message).to.include(sha256('abc'));
    });

    it('continues over cut connections and busy servers', async () => {
      const content = randomBytes(2_000_000);
      await bucket.upload('model.onnx', content);
      const media = /alt=media/;
      proxy.inject({ path: media, fault: { kind: 'cut', afterBytes: 700_000 }, times: 2 });
      proxy.inject({ path: media, fault: { kind: 'status', status: 503 }, times: 1 });
      expect((await download('model.onnx')).sha256).to.equal(sha256(content));
      const ranges = proxy.requests.filter(({ path }) => media.test(path)).map(({ headers }) => headers.range);
      expect(ranges[0]).to.equal(undefined);
      expect(ranges.at(-1)).to.match(/^bytes=[1-9]\d*-$/);
    });

    it('downloads again what arrived damaged, and gives up when it stays so', async () => {
      await bucket.upload('model.onnx', randomBytes(100_000));
      const damage = { path: /alt=media/, fault: { kind: 'corrupt', atByte: 50_000 } } as const;
      proxy.inject({ ...damage, times: 1 });
      await download('model.onnx');
      await rm(folder, { recursive: true });
      proxy.inject(damage);
      expect((await refusal(download('model.onnx'))).reason).to.equal('ModelChecksumMismatch');
    });

    describe('in parts', () => {
      const MEDIA = /alt=media/;
      const content = randomBytes(4_000_000);
      const starts = Array.from({ length: 8 }, (_, index) => index * 500_000);
      const parts = starts.map((start) => `bytes=${start}-${start < 3_500_000 ? start + 499_999 : ''}`);
      // Of this test's bucket: what another test stopped may be told of late.
      const asked = () => proxy.requests.filter(({ path }) => MEDIA.test(path) && path.includes(bucket.name));
      const ranges = () => asked().map(({ headers }) => headers.range);
      let generation: string;

      beforeEach(async () => {
        store = createGcsStore({ emulatorHost: proxy.url, timeoutMs: 2000, partBytes: 500_000 });
        generation = await bucket.upload('model.onnx', content);
      });

      it('gets each range of the pinned generation once', async () => {
        const progress: number[][] = [];
        const model = await download('model.onnx', { onProgress: (...bytes) => progress.push(bytes) });
        expect(model).to.deep.include({ generation, sha256: sha256(content) });
        expect((await readFile(model.modelFile)).equals(content)).to.equal(true);
        expect(ranges()).to.have.members(parts);
        expect(asked().every(({ path }) => path.includes(`generation=${generation}`))).to.equal(true);
        expect(progress.at(-1)).to.deep.equal([content.length, content.length]);
      });

      for (const [name, fault] of [
        ['is cut', { kind: 'cut', afterBytes: 300_000 }],
        ['gets no answer', { kind: 'cut', afterBytes: 0 }],
        ['finds the server busy', { kind: 'status', status: 503 }],
      ] as const) {
        it(`asks again for the one part that ${name}, and leaves the others alone`, async () => {
          proxy.inject({ path: MEDIA, fault, times: 1 });
          expect((await download('model.onnx')).sha256).to.equal(sha256(content));
          expect(ranges()).to.have.length(9).and.include.members(parts);
        });
      }

      it('gets all in one stream from a server that knows no ranges', async () => {
        proxy.inject({ path: MEDIA, fault: { kind: 'ignore-range' } });
        const progress: number[][] = [];
        const model = await download('model.onnx', { onProgress: (...bytes) => progress.push(bytes) });
        expect((await readFile(model.modelFile)).equals(content)).to.equal(true);
        expect(model.sha256).to.equal(sha256(content));
        expect(progress.at(-1)).to.deep.equal([content.length, content.length]);
      });

      it('downloads again what arrived damaged, and gives up when it stays so', async () => {
        const damage = { path: MEDIA, fault: { kind: 'corrupt', atByte: 400_000 } } as const;
        proxy.inject({ ...damage, times: 1 });
        expect((await download('model.onnx')).sha256).to.equal(sha256(content));
        await rm(folder, { recursive: true });
        proxy.inject(damage);
        expect((await refusal(download('model.onnx'))).reason).to.equal('ModelChecksumMismatch');
        expect(await readdir(folder, { recursive: true })).not.to.include(`${generation}/model.onnx`);
      });

      for (const [name, fault] of [
        ['is of another generation', { kind: 'headers', headers: { 'x-goog-generation': '1' } }],
        ['is gone', { kind: 'status', status: 404 }],
      ] as const) {
        it(`refuses a file of which a part ${name}`, async () => {
          proxy.inject({ path: MEDIA, fault, times: 1 });
          const error = await refusal(download('model.onnx', { generation }));
          expect(error.reason).to.equal('ModelNotFound');
          expect(error.message).to.include(generation).and.include('overwritten');
          expect(await readdir(folder, { recursive: true })).not.to.include(`${generation}/model.onnx`);
        });
      }

      it('closes its connections when told to stop', async () => {
        const stalled = proxy.inject({ path: MEDIA, fault: { kind: 'stall', afterBytes: 100_000 } });
        const stop = new AbortController();
        const reason = new Error('shutting down');
        const stopping = download('model.onnx', { signal: stop.signal, onProgress: () => stop.abort(reason) });
        expect(await rejectionOf(Error, stopping)).to.equal(reason);
        // A request is in the list once its connection is closed or its answer has ended, which these never do.
        await eventually(() => expect(ranges()).to.have.length(stalled.hits));
        expect(stalled.hits).to.be.within(1, 4);
      });
    });

    it('does not download again what is there', async () => {
      await bucket.upload('model.onnx', 'abc');
      await download('model.onnx');
      proxy.reset();
      await download('model.onnx');
      expect(proxy.requests.filter(({ path }) => /alt=media/.test(path))).to.have.length(0);
    });

    it('stops when told to', async () => {
      await bucket.upload('model.onnx', randomBytes(1_000_000));
      proxy.inject({ path: /alt=media/, fault: { kind: 'slow', bytesPerSecond: 100_000 } });
      const stop = new AbortController();
      const reason = new Error('shutting down');
      const stopping = download('model.onnx', { signal: stop.signal, onProgress: () => stop.abort(reason) });
      expect(await rejectionOf(Error, stopping)).to.equal(reason);
    });
  });

  it('does not let the library read STORAGE_EMULATOR_HOST, whose reading of it is broken', async () => {
    await bucket.upload('model.onnx', 'abc');
    const kept = process.env['STORAGE_EMULATOR_HOST'];
    process.env['STORAGE_EMULATOR_HOST'] = 'http://127.0.0.1:9';
    try {
      store = createGcsStore({ emulatorHost: emulator.url });
      expect((await stat('model.onnx')).sizeBytes).to.equal(3);
      expect(process.env['STORAGE_EMULATOR_HOST']).to.equal('http://127.0.0.1:9');
    } finally {
      if (kept === undefined) delete process.env['STORAGE_EMULATOR_HOST'];
      else process.env['STORAGE_EMULATOR_HOST'] = kept;
    }
  });

  describe('credentials', () => {
    const path = parseModelPath('gs://models/model.onnx');

    it('that cannot be used are named by their account', async () => {
      const key = JSON.stringify({ client_email: 'iris@p.iam.gserviceaccount.com', private_key: 'not a key' });
      const error = await refusal(createGcsStore({ credentialsJson: key }).stat(path));
      expect(error.reason).to.equal('ModelAccessDenied');
      expect(error.message).to.include('iris@p.iam.gserviceaccount.com').and.not.include('not a key');
    });

    it('in a file that is not there are named by the variable', async () => {
      const kept = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = join(folder, 'key.json');
      try {
        const error = await refusal(createGcsStore().stat(path));
        expect(error.reason).to.equal('ModelAccessDenied');
        expect(error.message).to.include('GOOGLE_APPLICATION_CREDENTIALS');
      } finally {
        if (kept === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
        else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = kept;
      }
    });
  });

  for (const json of ['no json', '{}', '{"client_email": "a@b.c"}', '{"client_email": "", "private_key": "k"}']) {
    it(`refuses ${json} as a key, without quoting it`, () => {
      expect(() => createGcsStore({ credentialsJson: json }))
        .to.throw(StorageError, 'is no service account key')
        .with.property('reason', 'ModelAccessDenied');
    });
  }
});
