import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { RequestError } from '../errors.ts';

/** Bytes that a decoder gives at once; Node's default of 16 KiB means four times the events. */
const OPTIONS = { chunkSize: 64 * 1024 } as const;

/** `deflate` is zlib's format, as RFC 9110, 8.4.1.2 says, not a bare deflate stream. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => createGunzip(OPTIONS)],
  ['x-gzip', () => createGunzip(OPTIONS)],
  ['deflate', () => createInflate(OPTIONS)],
  ['br', () => createBrotliDecompress(OPTIONS)],
]);

/**
 * What undoes a request's `Content-Encoding`; it decodes piece by piece, so that whoever counts what comes out can stop early.
 * @param contentEncoding value of the header
 * @returns undefined for a body that is not compressed
 * @throws RequestError UnsupportedMediaType, also for one coding upon another
 */
export function makeDecoder(contentEncoding: string | undefined): Transform | undefined {
  const coding = (contentEncoding ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') return undefined;
  const make = DECODERS.get(coding);
  if (make) return make();
  throw new RequestError(
    'UnsupportedMediaType',
    `content encoding ${coding.slice(0, 100)} is not supported; send the body as gzip, deflate or br, or uncompressed`,
  );
}
