import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { StorageError } from './model-store.ts';

/** Bytes to fetch, and how to tell that they are the right ones. */
export interface DownloadSource {
  /** For messages. */
  readonly location: string;
  /** As sent, that is before decompression. */
  readonly sizeBytes: number;
  /** Base64 of the big-endian CRC32C of the sent bytes; undefined: only the size is checked. */
  readonly crc32c: string | undefined;
  /** The sent bytes are gzip and are decompressed on the way to disk. */
  readonly gzip: boolean;
  /** The bytes from `start` on. */
  open(start: number): Readable;
  /** Why the stream failed. Not retryable: no further attempt. */
  classify(error: unknown): StorageError;
}

export interface DownloadFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every chunk with the bytes that arrived; negative when some must be fetched again. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Longest silence of the source before the connection counts as cut; default 30,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** First wait after a cut connection, doubled each time; default 500. */
  readonly backoffMs?: number | undefined;
}

/** Attempts in a row that bring no byte. With the default backoff: 0.5 + 1 + 2 + 4 + 8 = 15.5 seconds of waiting. */
const MAX_FRUITLESS_ATTEMPTS = 5;
/** Times that all bytes arrive but are not the stored ones. */
const MAX_DAMAGED_ATTEMPTS = 2;

/**
 * Streams a source to `target`, by way of a file beside it that is renamed once size and checksum are right, so that `target` is whole or absent.
 * Continues where a cut connection stopped. Needs memory for a few chunks only.
 * @returns hex sha256 of the file as written
 * @throws StorageError; the signal's reason
 */
export async function downloadFile(
  source: DownloadSource,
  target: string,
  options: DownloadFileOptions = {},
): Promise<string> {
  const kept = await hashOfIntactFile(source, target);
  if (kept) {
    options.onBytes?.(source.sizeBytes);
    return kept;
  }
  const partial = `${target}.partial`;
  for (let damaged = 0; damaged < MAX_DAMAGED_ATTEMPTS; damaged += 1) {
    const received = await receiveAll(source, partial, options);
    if (received.sizeBytes === source.sizeBytes && (!source.crc32c || base64(received.crc32c) === source.crc32c)) {
      const sha256 = source.gzip ? await decompress(partial, source) : received.sha256.digest('hex');
      await rename(partial, target);
      return sha256;
    }
    options.onBytes?.(-received.sizeBytes);
  }
  throw new StorageError(
    'ModelChecksumMismatch',
    `${source.location} arrived damaged ${MAX_DAMAGED_ATTEMPTS} times (its bytes do not match the stored checksum): upload it again`,
  );
}

/** What has been received and written so far, across attempts. */
interface Received {
  sizeBytes: number;
  crc32c: number;
  readonly sha256: Hash;
}

async function receiveAll(source: DownloadSource, partial: string, options: DownloadFileOptions): Promise<Received> {
  const { signal, backoffMs = 500 } = options;
  const received: Received = { sizeBytes: 0, crc32c: 0, sha256: createHash('sha256') };
  const file = await open(partial, 'w');
  try {
    for (let fruitless = 0; received.sizeBytes < source.sizeBytes;) {
      const before = received.sizeBytes;
      const failure = await receive(source, file, received, options);
      if (!failure) continue;
      fruitless = received.sizeBytes > before ? 1 : fruitless + 1;
      if (!failure.retryable || fruitless > MAX_FRUITLESS_ATTEMPTS) throw failure;
      await delay(backoffMs * 2 ** (fruitless - 1), undefined, { signal });
    }
    return received;
  } finally {
    await file.close();
  }
}

/**
 * One connection: from where the last one stopped to its end.
 * @returns why it ended early; undefined when all bytes are there
 */
async function receive(
  source: DownloadSource,
  file: FileHandle,
  received: Received,
  { signal, onBytes, stallTimeoutMs = 30_000 }: DownloadFileOptions,
): Promise<StorageError | undefined> {
  signal?.throwIfAborted();
  const stream = source.open(received.sizeBytes);
  const watchdog = setTimeout(() => stream.destroy(connectionError('ETIMEDOUT')), stallTimeoutMs);
  const stop = (): void => void stream.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      watchdog.refresh();
      await file.writeFile(chunk);
      // Only what is written counts: a chunk lost with its connection must be fetched again.
      received.sizeBytes += chunk.length;
      received.crc32c = crc32c(chunk, received.crc32c);
      received.sha256.update(chunk);
      onBytes?.(chunk.length);
    }
    return received.sizeBytes < source.sizeBytes ? source.classify(connectionError('ECONNRESET')) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return toFailure(error, source);
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** Replaces a gzip file by what it holds. @returns hex sha256 of that */
async function decompress(file: string, source: DownloadSource): Promise<string> {
  const sha256 = createHash('sha256');
  const hash = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      sha256.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(createReadStream(file), createGunzip(), hash, createWriteStream(`${file}.gunzip`));
  } catch (error) {
    throw toFailure(error, source);
  }
  await rename(`${file}.gunzip`, file);
  return sha256.digest('hex');
}

function connectionError(code: 'ECONNRESET' | 'ETIMEDOUT'): NodeJS.ErrnoException {
  return Object.assign(new Error('the connection ended early'), { code });
}

/** A container that starts again finds what it downloaded before. */
async function hashOfIntactFile(source: DownloadSource, target: string): Promise<string | undefined> {
  const onDisk = await stat(target).catch(() => undefined);
  if (source.gzip || !source.crc32c || onDisk?.size !== source.sizeBytes) return undefined;
  const sha256 = createHash('sha256');
  let checksum = 0;
  for await (const chunk of createReadStream(target, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    sha256.update(chunk);
    checksum = crc32c(chunk, checksum);
  }
  return base64(checksum) === source.crc32c ? sha256.digest('hex') : undefined;
}

function toFailure(error: unknown, source: DownloadSource): StorageError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(source.location, error);
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') {
    return new StorageError(
      'ModelInvalid',
      `${source.location} says Content-Encoding: gzip but is no gzip: upload it again without that header`,
      { cause: error },
    );
  }
  return source.classify(error);
}

/** The refusal when the volume that downloads go to is too small. */
export function diskFull(location: string, cause?: unknown): StorageError {
  return new StorageError(
    'ModelTooLarge',
    `${location} does not fit on the disk that models are downloaded to: give the pod more ephemeral storage`,
    { cause },
  );
}

/** As GCS writes it. https://cloud.google.com/storage/docs/hashes-etags#json-api */
function base64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum >>> 0);
  return bytes.toString('base64');
}
