import { promisify } from 'node:util';
import { brotliCompress, constants, deflate, gzip } from 'node:zlib';
import type { Middleware } from 'koa';

/** Below this a body fits one network packet anyway. */
export const MIN_COMPRESSED_BYTES = 1024;

const [asGzip, asDeflate, asBrotli] = [promisify(gzip), promisify(deflate), promisify(brotliCompress)];
/** The fastest setting of each: an answer is sent once, and numbers hardly get smaller with more work. */
const ENCODERS = {
  gzip: (body: Uint8Array) => asGzip(body, { level: constants.Z_BEST_SPEED }),
  deflate: (body: Uint8Array) => asDeflate(body, { level: constants.Z_BEST_SPEED }),
  br: (body: Uint8Array) => asBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
} as const;
type Coding = keyof typeof ENCODERS;
const CODINGS = Object.keys(ENCODERS) as Coding[];

/** Compresses answers of at least 1 KiB by `Accept-Encoding`, in Node's thread pool. Answers that are objects, streams or nothing are left as they are. */
export function compressResponses(): Middleware {
  return async (ctx, next) => {
    await next();
    const { body } = ctx;
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) return;
    if (body.length < MIN_COMPRESSED_BYTES || ctx.res.hasHeader('Content-Encoding')) return;
    ctx.vary('Accept-Encoding');
    // A client that does not send the header may take any coding, and most often can read none.
    if (ctx.get('Accept-Encoding') === '') return;
    const coding = CODINGS.find((name) => name === ctx.acceptsEncodings([...CODINGS, 'identity']));
    if (coding === undefined) return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const compressed = await ENCODERS[coding](bytes);
    if (compressed.length >= bytes.length) return;
    ctx.set('Content-Encoding', coding);
    ctx.body = compressed;
  };
}
