import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { StorageEmulator } from '../../../dev/storage-emulator.ts';
import { startStorageEmulator } from '../../../dev/storage-emulator.ts';
import type { FaultyProxy } from '../../../dev/faulty-proxy.ts';
import { startFaultyProxy } from '../../../dev/faulty-proxy.ts';
import type { TestBucket } from '../../support/bucket.ts';
import { bucketAt, freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { modelPath } from '../../support/models.ts';
import { rejectionOf } from '../../support/thrown.ts';

describe('startStorageEmulator', function () {
  this.timeout(60_000);
  let emulator: StorageEmulator;
  let bucket: TestBucket;

  before(async () => {
    emulator = await sharedStorageEmulator();
    bucket = await freshBucket(emulator);
  });

  it('gives back a model as it was uploaded', async () => {
    const file = modelPath('iris-lr-strings.onnx');
    const generation = await bucket.uploadFile(file, 'iris/model.onnx');
    expect(generation).to.match(/^\d{16}$/);
    expect(await bucket.download('iris/model.onnx', generation)).to.deep.equal(readFileSync(file));
    expect(bucket.path('iris/model.onnx')).to.equal(`gs://${bucket.name}/iris/model.onnx`);
  });

  it('makes a newer generation of an object written again, and forgets the older', async () => {
    const first = await bucket.upload('again', 'one');
    const second = await bucket.upload('again', 'two');
    expect(BigInt(second) > BigInt(first)).to.equal(true);
    expect(String(await bucket.download('again', second))).to.equal('two');
    expect(await rejectionOf(Error, bucket.download('again', first))).to.have.property('code', 404);
  });

  it('keeps older generations in a bucket with versions', async () => {
    const versioned = await freshBucket(emulator, { versioned: true });
    const first = await versioned.upload('again', 'one');
    await versioned.upload('again', 'two');
    expect(String(await versioned.download('again', first))).to.equal('one');
  });

  it('forgets a deleted object', async () => {
    await bucket.upload('deleted', 'x');
    await bucket.delete('deleted');
    expect(await rejectionOf(Error, bucket.download('deleted'))).to.have.property('code', 404);
  });

  describe('restarted at its address', () => {
    for (const { keepObjects, outcome } of [
      { keepObjects: true, outcome: 'has its objects, with their generations' },
      { keepObjects: false, outcome: 'has no objects' },
    ]) {
      it(`with keepObjects ${keepObjects} ${outcome}`, async () => {
        const own = await startStorageEmulator({ keepObjects });
        try {
          const bucket = await freshBucket(own);
          await bucket.upload('models/iris.onnx', 'old');
          const generation = await bucket.upload('models/iris.onnx', 'new');
          await own.stopServer();
          await rejectionOf(TypeError, fetch(own.url));
          await own.startServer();
          const read = bucket.download('models/iris.onnx', generation);
          if (keepObjects) expect(String(await read)).to.equal('new');
          else expect(await rejectionOf(Error, read)).to.have.property('code', 404);
        } finally {
          await own.stop();
        }
      });
    }
  });

  describe('behind the faulty proxy', () => {
    let proxy: FaultyProxy;

    before(async () => {
      proxy = await startFaultyProxy(emulator.url);
    });

    after(() => proxy.stop());

    it('answers 304 for a generation the client has', async () => {
      const generation = await bucket.upload('cached', 'x');
      const url = `${proxy.url}/storage/v1/b/${bucket.name}/o/cached?ifGenerationNotMatch=`;
      expect((await fetch(`${url}${generation}`)).status).to.equal(304);
      expect((await fetch(`${url}1`)).status).to.equal(200);
    });

    it('shows the client a download that differs from its checksum', async () => {
      await bucket.upload('corrupt', 'the right bytes');
      proxy.inject({ fault: { kind: 'corrupt', atByte: 3 }, path: /alt=media/ });
      const damaged = bucketAt(proxy.url, bucket.name);
      const error = await rejectionOf(Error, damaged.download('corrupt'));
      expect(error).to.have.property('code', 'CONTENT_DOWNLOAD_MISMATCH');
    });
  });

  it('leaves nothing behind when stopped, and can be stopped twice', async () => {
    const own = await startStorageEmulator();
    await own.stop();
    await rejectionOf(TypeError, fetch(own.url));
    await own.stop();
  });
});
