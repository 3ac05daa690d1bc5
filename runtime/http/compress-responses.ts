import { promisify } from 'node:util';
import { brotliCompress, constants, deflate, gzip } from 'node:zlib';
import Negotiator from 'negotiator';
import type { Middleware } from 'koa';

/** Below this a body fits one network packet anyway. */
const MIN_COMPRESSED_BYTES = 1024;

const [asGzip, asDeflate, asBrotli] = [promisify(gzip), promisify(deflate), promisify(brotliCompress)];
/** The fastest setting of each: an answer is sent once, and numbers hardly get smaller with more work. */
const ENCODERS = {
  gzip: (body: Uint8Array) => asGzip(body, { level: constants.Z_BEST_SPEED }),
  deflate: (body: Uint8Array) => asDeflate(body, { level: constants.Z_BEST_SPEED }),
  br: (body: Uint8Array) => asBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
} as const;
type Coding = keyof typeof ENCODERS;
const CODINGS = Object.keys(ENCODERS) as Coding[];

/** A body in another coding. */
export interface Compressed {
  readonly body: Buffer;
  /** For `Content-Encoding`. */
  readonly coding: string;
}

/** Whether a body would be compressed for a client that asks for it, so that the answer varies by `Accept-Encoding`. */
export function isWorthCompressing(body: string | Buffer): boolean {
  return body.length >= MIN_COMPRESSED_BYTES;
}

/**
 * The body in the coding that the client prefers, made in Node's thread pool.
 * @param acceptEncoding the request's header
 * @returns undefined when it is better sent as it is
 */
export async function compress(
  body: string | Buffer,
  acceptEncoding: string | undefined,
): Promise<Compressed | undefined> {
  // A client that does not send the header may take any coding, and most often can read none.
  if (!acceptEncoding) return undefined;
  const negotiator = new Negotiator({ headers: { 'accept-encoding': acceptEncoding } });
  const preferred = negotiator.encoding([...CODINGS, 'identity']);
  const coding = CODINGS.find((name) => name === preferred);
  if (coding === undefined) return undefined;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const compressed = await ENCODERS[coding](bytes);
  return compressed.length < bytes.length ? { body: compressed, coding } : undefined;
}

/** Compresses answers of at least 1 KiB by `Accept-Encoding`. Answers that are objects, streams or nothing are left as they are. */
export function compressResponses(): Middleware {
  return async (ctx, next) => {
    await next();
    const { body } = ctx;
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) return;
    if (!isWorthCompressing(body) || ctx.res.hasHeader('Content-Encoding')) return;
    ctx.vary('Accept-Encoding');
    const compressed = await compress(body, ctx.get('Accept-Encoding'));
    if (!compressed) return;
    ctx.set('Content-Encoding', compressed.coding);
    ctx.body = compressed.body;
  };
}
