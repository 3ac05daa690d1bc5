import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Bucket } from '@google-cloud/storage';
import { Storage } from '@google-cloud/storage';
import type { StorageEmulator } from '../../dev/storage-emulator.ts';
import { startStorageEmulator } from '../../dev/storage-emulator.ts';

let shared: Promise<StorageEmulator> | undefined;

/** The storage emulator of this test run: started when the first test asks for it, stopped after the last. Tests keep apart by bucket. */
export function sharedStorageEmulator(): Promise<StorageEmulator> {
  shared ??= startStorageEmulator();
  return shared;
}

/** Writes to a bucket of the emulator, as the data scientists and their pipelines do. */
export class TestBucket {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  get name(): string {
    return this.#bucket.name;
  }

  /** `gs://bucket/object`; without an object the bucket. */
  path(object = ''): string {
    return `gs://${this.name}/${object}`;
  }

  /** Writes an object, over one of the same name if there is one. @returns its generation, decimal digits */
  async upload(object: string, content: string | Uint8Array): Promise<string> {
    const file = this.#bucket.file(object);
    await file.save(typeof content === 'string' ? content : Buffer.from(content), { resumable: false });
    return String(file.metadata.generation);
  }

  /** Uploads a file of this machine. Default object: its base name. */
  async uploadFile(path: string, object = basename(path)): Promise<string> {
    return this.upload(object, await readFile(path));
  }

  async delete(object: string): Promise<void> {
    await this.#bucket.file(object).delete();
  }

  /** The bytes of an object. @param generation default the newest */
  async download(object: string, generation?: string): Promise<Buffer> {
    const [bytes] = await this.#bucket.file(object, generation === undefined ? {} : { generation }).download();
    return bytes;
  }
}

export interface BucketOptions {
  /** Default: a new one. */
  readonly name?: string;
  /** Old generations stay readable. Default false. */
  readonly versioned?: boolean;
}

/** Makes a bucket. */
export async function freshBucket(
  emulator: Pick<StorageEmulator, 'url'>,
  { name = `models-${randomUUID().slice(0, 8)}`, versioned = false }: BucketOptions = {},
): Promise<TestBucket> {
  const [bucket] = await client(emulator.url).createBucket(name, { versioning: { enabled: versioned } });
  return new TestBucket(bucket);
}

/** A bucket that is there, reached by another address, e.g. that of a faulty proxy. */
export function bucketAt(url: string, name: string): TestBucket {
  return new TestBucket(client(url).bucket(name));
}

function client(apiEndpoint: string): Storage {
  return new Storage({ apiEndpoint, projectId: 'test' });
}

// Outside every `describe`, so it runs once, after all tests of all files.
after('stop the shared storage emulator', async () => {
  await (await shared)?.stop();
});
