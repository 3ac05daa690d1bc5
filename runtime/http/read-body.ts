import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { invalidInput, RequestError } from '../errors.ts';
import type { BodyLimits } from './answer.ts';
import { makeDecoder } from './content-coding.ts';

/** `application/json`, also with a suffix such as `application/vnd.api+json`; parameters follow. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
/** What `curl -d` sends unless told otherwise; TensorFlow Serving's and KServe's own examples rely on servers that do not mind. */
const CURL_DEFAULT_TYPE = /^application\/x-www-form-urlencoded\s*$/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8"?\s*(?:;|$))/i;

/**
 * Refuses bodies that are not plain JSON in UTF-8. No content type at all, and the one that `curl -d` sends, are taken for JSON.
 * @throws RequestError UnsupportedMediaType
 */
export function requireJson(type: string | undefined): void {
  if (type !== undefined && !JSON_TYPE.test(type) && !CURL_DEFAULT_TYPE.test(type)) {
    throw unsupported(
      `content type ${type.slice(0, 100)} is not supported; send JSON with Content-Type: application/json`,
    );
  }
  if (type !== undefined && OTHER_CHARSET.test(type)) throw unsupported('JSON must be in UTF-8');
}

/**
 * Reads a body of at most `maxBytes`, and undoes its `Content-Encoding`; decompression stops where the limit is passed, so memory is bounded by it
 * whatever a small body would become. What comes beyond is read and dropped, so that the client gets to see the answer.
 * @throws RequestError UnsupportedMediaType for an unknown encoding, InvalidInput for damaged data, PayloadTooLarge, Overloaded; DeadlineExceeded when
 * the body takes longer than `timeoutMs`, or the client went away
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { headers } = request;
  const { maxBytes, timeoutMs } = limits;
  const decoder = makeDecoder(headers['content-encoding']);
  if (Number(headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    throw bodyTooLarge(maxBytes);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(bodyLate()), timeoutMs);
  // Once all has come, a decoder may still be at work when the request closes.
  const gone = (): void => {
    if (!request.complete) reject(bodyLate('the connection ended before the request did'));
  };
  request.once('error', gone);
  request.once('close', gone);
  decoder?.once('error', (error) => reject(damaged(headers['content-encoding'] ?? '', error)));
  collect(decoder ? request.pipe(decoder) : request, limits, { resolve, reject });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    if (decoder && !decoder.readableEnded) {
      request.unpipe(decoder).resume();
      decoder.destroy();
    }
  }
}

interface Settle {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

function collect(source: Readable, { maxBytes, share }: BodyLimits, { resolve, reject }: Settle): void {
  let chunks: Buffer[] | undefined = [];
  let bytes = 0;
  // Events, not an async iterator, which costs more: this is every request's way.
  source.on('data', (chunk: Buffer) => {
    if (!chunks) return;
    bytes += chunk.length;
    try {
      if (bytes > maxBytes) throw bodyTooLarge(maxBytes);
      share?.take(chunk.length);
      chunks.push(chunk);
    } catch (error) {
      chunks = undefined;
      reject(error as Error);
    }
  });
  source.once('end', () => {
    if (chunks) resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  });
}

function damaged(encoding: string, cause: NodeJS.ErrnoException): RequestError {
  const name = encoding.trim().toLowerCase();
  const isCutOff = cause.code === 'Z_BUF_ERROR';
  return invalidInput(
    'body',
    isCutOff ? `the ${name} data ends too early` : `is not ${name} data, as its Content-Encoding says`,
    cause,
  );
}

/** Not there within the time that it has. */
export function bodyLate(message = 'the request body did not arrive in time'): RequestError {
  return new RequestError('DeadlineExceeded', message);
}

function unsupported(message: string): RequestError {
  return new RequestError('UnsupportedMediaType', message);
}

/** Beyond the limit. */
export function bodyTooLarge(maxBytes: number): RequestError {
  return new RequestError(
    'PayloadTooLarge',
    `the request body is larger than ${maxBytes} bytes; send fewer rows at once`,
  );
}
