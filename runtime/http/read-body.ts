import type { IncomingMessage } from 'node:http';
import { RequestError } from '../errors.ts';

/** `application/json`, also with a suffix such as `application/vnd.api+json`; parameters follow. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
/** What `curl -d` sends unless told otherwise; TensorFlow Serving's and KServe's own examples rely on servers that do not mind. */
const CURL_DEFAULT_TYPE = /^application\/x-www-form-urlencoded\s*$/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8"?\s*(?:;|$))/i;

/**
 * Refuses bodies that are not plain JSON in UTF-8. No content type at all, and the one that `curl -d` sends, are taken for JSON.
 * @throws RequestError UnsupportedMediaType
 */
export function requireJson({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const type = headers['content-type'];
  if (type !== undefined && !JSON_TYPE.test(type) && !CURL_DEFAULT_TYPE.test(type)) {
    throw unsupported(
      `content type ${type.slice(0, 100)} is not supported; send JSON with Content-Type: application/json`,
    );
  }
  if (type !== undefined && OTHER_CHARSET.test(type)) throw unsupported('JSON must be in UTF-8');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw unsupported(`content encoding ${encoding.slice(0, 100)} is not supported; send the body uncompressed`);
  }
}

/**
 * Reads a body of at most `maxBytes`. What comes beyond is read and dropped, so that the client gets to see the answer.
 * @throws RequestError PayloadTooLarge; DeadlineExceeded when the body takes longer than `timeoutMs`, or the client went away
 */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs }: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    throw tooLarge(maxBytes);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => reject(late('the request body did not arrive in time')), timeoutMs);
  // Events, not an async iterator: a fifth faster, and this is every request's way.
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return void chunks.push(chunk);
    chunks.length = 0;
    return reject(tooLarge(maxBytes));
  });
  request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  const gone = (): void => reject(late('the connection ended before the request did'));
  request.once('error', gone);
  request.once('close', gone);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function late(message: string): RequestError {
  return new RequestError('DeadlineExceeded', message);
}

function unsupported(message: string): RequestError {
  return new RequestError('UnsupportedMediaType', message);
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(
    'PayloadTooLarge',
    `the request body is larger than ${maxBytes} bytes; send fewer rows at once`,
  );
}
