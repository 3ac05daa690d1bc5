import type { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import { OtherBytesError } from './download-source.ts';

/** Head of an answer with an object's bytes, as the library hands it on. */
interface MediaResponse {
  readonly request: { agent: unknown };
  destroy(): unknown;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A range of a generation; all of it is asked for without a range. */
export interface AskedRange {
  readonly generation: string;
  /** Of the whole. */
  readonly sizeBytes: number;
  readonly start: number;
  /** Not among them. */
  readonly end: number;
}

/** The bytes of a range as they are stored. The stream fails with OtherBytesError or OtherGenerationError when others come. */
export function openRange(file: File, asked: AskedRange): Readable {
  const { start, end, sizeBytes } = asked;
  const range = { ...(isRange(asked) ? { start } : {}), ...(end < sizeBytes ? { end: end - 1 } : {}) };
  const stream = file.createReadStream({ validation: false, decompress: false, ...range });
  return stream.once('response', (response: MediaResponse) => {
    // The library would close all connections that the agent has, those of other parts among them, when this one breaks.
    response.request.agent = false;
    const failure = refuseOtherBytes(response, asked);
    if (failure) stream.destroy(failure);
    // Nor does it let go of an answer that begins after the stream was given up.
    if (stream.destroyed) response.destroy();
  });
}

function isRange({ start, end, sizeBytes }: AskedRange): boolean {
  return start > 0 || end < sizeBytes;
}

/**
 * Whether the answer holds other bytes than those asked for. Servers may ignore `Range` and answer 200 with everything (RFC 9110, 14.2), or send another range
 * than asked (15.3.7); GCS names the generation that it sends.
 * @returns why; undefined when it is what was asked for, or a failure that others look at
 */
export function refuseOtherBytes(
  { statusCode, headers }: Pick<MediaResponse, 'statusCode' | 'headers'>,
  asked: AskedRange,
): Error | undefined {
  if (statusCode !== 200 && statusCode !== 206) return undefined;
  const generation = headers['x-goog-generation'];
  if (generation !== undefined && generation !== asked.generation) {
    return new OtherGenerationError(`generation ${generation} came for ${asked.generation}`);
  }
  if (!isRange(asked)) return undefined;
  const range = headers['content-range'] ?? '';
  if (statusCode === 206 && range.startsWith(`bytes ${asked.start}-${asked.end - 1}/`)) return undefined;
  return new OtherBytesError(`asked for bytes ${asked.start} to ${asked.end - 1}, got HTTP ${statusCode} ${range}`);
}

/** An object's answer is of another version of it, by a cache or a gateway that does not look at the query: as good as gone. */
export class OtherGenerationError extends Error {
  override readonly name = 'OtherGenerationError';
  /** As the service says it of a generation that is not there. */
  readonly code = 404;
}
