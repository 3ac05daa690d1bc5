import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Checksums } from './checksums.ts';
import { OtherBytesError, type DownloadSource } from './download-source.ts';
import { StorageError } from './model-store.ts';
import { PartedFile, splitIntoParts, type Part } from './parted-file.ts';
import { receivePart, toFailure, type ReceiveOptions } from './receive-part.ts';
import { Slots } from './slots.ts';

export interface DownloadFileOptions extends ReceiveOptions {
  /** Limit of connections, shared with other downloads; default 4 for this one. */
  readonly connections?: Slots | undefined;
  /** Largest range. Files of at least two such parts are fetched in several ranges at once; default 16 MiB. */
  readonly partBytes?: number | undefined;
}

/** Connections at once that a download takes by itself. */
export const PARALLEL_CONNECTIONS = 4;
/** A new range costs the time until its first byte, some tens of milliseconds, which this much outweighs. */
const PART_BYTES = 16 * 1024 * 1024;
/** Times that all bytes arrive but are not the stored ones. */
const MAX_DAMAGED_ATTEMPTS = 2;

/**
 * Streams a source to `target`, by way of a file beside it that is renamed once size and checksum are right, so that `target` is whole or absent.
 * Large ones come in several ranges at once, or in one stream where the server does not know ranges; each goes on where a cut connection stopped.
 * Needs memory for a few chunks only.
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
  let rangeBytes = evenRangeBytes(source.sizeBytes, options.partBytes);
  for (let damaged = 0; damaged < MAX_DAMAGED_ATTEMPTS;) {
    const sums = await receiveFile(source, partial, rangeBytes, options);
    if (sums && isIntact(source, sums)) {
      const sha256 = source.gzip ? await decompress(partial, source) : sums.sha256();
      await rename(partial, target);
      return sha256;
    }
    if (sums) options.onBytes?.(-source.sizeBytes);
    // A server that sends other bytes than asked for is asked for all of them before anything is called damaged.
    if (sums || rangeBytes === Infinity) damaged += 1;
    else rangeBytes = Infinity;
  }
  throw new StorageError(
    'ModelChecksumMismatch',
    `${source.location} arrived damaged ${MAX_DAMAGED_ATTEMPTS} times (its bytes do not match the stored checksum): upload it again`,
  );
}

/**
 * Equal parts, as many for each connection, so that none is idle while another one fetches the last part.
 * @returns Infinity when the file is too small for that
 */
function evenRangeBytes(sizeBytes: number, mostBytes = PART_BYTES): number {
  if (sizeBytes < 2 * mostBytes) return Infinity;
  const partsEach = Math.ceil(sizeBytes / (PARALLEL_CONNECTIONS * mostBytes));
  return Math.ceil(sizeBytes / (PARALLEL_CONNECTIONS * partsEach));
}

function isIntact(source: DownloadSource, sums: Checksums): boolean {
  return !source.crc32c || sums.crc32c === source.crc32c;
}

/** @returns the checksums of all its bytes; undefined when others came than were asked for, and nothing counts as received */
async function receiveFile(
  source: DownloadSource,
  partial: string,
  rangeBytes: number,
  options: DownloadFileOptions,
): Promise<Checksums | undefined> {
  const { connections = new Slots(PARALLEL_CONNECTIONS), onBytes } = options;
  // The first failure stops the other parts.
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const file = await PartedFile.create(partial, splitIntoParts(source.sizeBytes, rangeBytes));
  const receive = async (part: Part): Promise<void> => {
    try {
      await receivePart(source, file, part, { ...options, signal });
    } catch (error) {
      // Before the connection is handed on, so that the next part does not begin.
      failed.abort(error);
    }
  };
  try {
    await Promise.all(file.parts.map((part) => connections.run(() => receive(part))));
    options.signal?.throwIfAborted();
    failed.signal.throwIfAborted();
    return await file.checksums();
  } catch (error) {
    if (!(error instanceof OtherBytesError)) throw error;
    onBytes?.(-file.receivedBytes);
    return undefined;
  } finally {
    await file.close();
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
    throw isNoGzip(error) ? noGzip(source.location, error) : toFailure(error, source);
  }
  await rename(`${file}.gunzip`, file);
  return sha256.digest('hex');
}

function isNoGzip(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR';
}

function noGzip(location: string, cause: unknown): StorageError {
  return new StorageError(
    'ModelInvalid',
    `${location} says Content-Encoding: gzip but is no gzip: upload it again without that header`,
    { cause },
  );
}

/** A container that starts again finds what it downloaded before. */
async function hashOfIntactFile(source: DownloadSource, target: string): Promise<string | undefined> {
  const onDisk = await stat(target).catch(() => undefined);
  if (source.gzip || !source.crc32c || onDisk?.size !== source.sizeBytes) return undefined;
  const sums = new Checksums();
  for await (const chunk of createReadStream(target, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    sums.update(chunk);
  }
  return isIntact(source, sums) ? sums.sha256() : undefined;
}
