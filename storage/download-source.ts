import type { Readable } from 'node:stream';
import type { StorageError } from './model-store.ts';

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
  /** The bytes from `start` up to `end`, which is not among them. The stream fails with OtherBytesError when others come. */
  open(start: number, end: number): Readable;
  /** Why the stream failed. Not retryable: no further attempt. */
  classify(error: unknown): StorageError;
}

/** A server that does not know ranges, or a cache in between that mixes them up: it sends bytes that were not asked for. */
export class OtherBytesError extends Error {
  override readonly name = 'OtherBytesError';
}
