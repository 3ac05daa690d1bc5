import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with one request. */
export type Fault =
  /** The server is not asked; the answer is an error as Google Cloud Storage words it. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is closed without an answer (0) or after so many bytes of its body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes of the body, while the connection stays open until the client closes it. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** The answer is all of it, whatever `Range` asks for. */
  | { readonly kind: 'ignore-range' }
  /** The body trickles. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** One byte of the body is another one; headers, checksums among them, stay as they are. */
  | { readonly kind: 'corrupt'; readonly atByte: number }
  /** Response headers are replaced, or taken away with `null`; e.g. a wrong `x-goog-hash`. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | null>> };

/** Longest piece of a body that trickles, as time. */
const TRICKLE_STEP_MS = 50;

/** `error.errors[0].reason` as Google Cloud Storage gives it; clients decide by it whether to try again. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  412: 'conditionNotMet',
  416: 'requestedRangeNotSatisfiable',
  429: 'rateLimitExceeded',
  500: 'backendError',
  502: 'backendError',
  503: 'backendError',
};

/** The body of an error answer of the JSON API. */
export function errorBody(status: number): string {
  const reason = REASONS[status] ?? 'unknown';
  const message = `scripted ${status}`;
  return JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } });
}

/** Response headers as the client shall see them. */
export function changedHeaders(headers: IncomingHttpHeaders, fault: Fault | undefined): IncomingHttpHeaders {
  if (fault?.kind !== 'headers') return headers;
  const changed: IncomingHttpHeaders = { ...headers };
  for (const [name, value] of Object.entries(fault.headers)) {
    if (value === null) delete changed[name.toLowerCase()];
    else changed[name.toLowerCase()] = value;
  }
  return changed;
}

/** How the body passes. `cut` is called when the connection is to be closed. */
export function bodyTransform(fault: Fault | undefined, cut: () => void): Transform {
  switch (fault?.kind) {
    case 'cut':
      return endAfter(fault.afterBytes, cut);
    case 'stall':
      return endAfter(fault.afterBytes, () => {});
    case 'slow':
      return trickle(fault.bytesPerSecond);
    case 'corrupt':
      return corruptByte(fault.atByte);
    default:
      return new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk) });
  }
}

/** Lets so many bytes pass, then calls `atEnd` once and swallows the rest without ever ending. */
function endAfter(bytes: number, atEnd: () => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (left < 0) return done();
      const part = chunk.subarray(0, left);
      left -= chunk.length;
      if (part.length > 0) this.push(part);
      if (left > 0) return done();
      left = -1;
      // After the bytes above have left for the socket.
      setImmediate(atEnd);
      done();
    },
    // Never called back: the answer does not end.
    flush: () => {},
  });
}

/** Paced by what has passed so far, so that the rate holds whatever the size of chunks. */
function trickle(bytesPerSecond: number): Transform {
  const stepBytes = Math.max(1, Math.round((bytesPerSecond * TRICKLE_STEP_MS) / 1000));
  const startedMs = performance.now();
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const send = async () => {
        for (let at = 0; at < chunk.length && !this.destroyed; at += stepBytes) {
          const step = chunk.subarray(at, at + stepBytes);
          this.push(step);
          passed += step.length;
          const aheadMs = (passed / bytesPerSecond) * 1000 - (performance.now() - startedMs);
          if (aheadMs >= 1) await delay(aheadMs);
        }
        done();
      };
      void send();
    },
  });
}

function corruptByte(position: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const index = position - seen;
      seen += chunk.length;
      if (index < 0 || index >= chunk.length) return done(null, chunk);
      const changed = Buffer.from(chunk);
      changed[index] = changed[index]! ^ 0xff;
      done(null, changed);
    },
  });
}
