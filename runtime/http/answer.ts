import type { Buffer } from 'node:buffer';
import type { RequestError } from '../errors.ts';
import type { GoneSignal } from '../batching/pending-request.ts';
import type { RequestStages } from '../request-record.ts';

/** The headers that predictions look at, by their names in lower case. */
export interface AskedHeaders {
  readonly accept?: string | undefined;
  readonly 'accept-encoding'?: string | undefined;
  readonly 'content-type'?: string | undefined;
  readonly 'inference-header-content-length'?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly 'x-request-id'?: string | undefined;
  readonly 'x-request-timeout-ms'?: string | undefined;
  readonly 'x-server-timing'?: string | undefined;
}

/** How much of a body is read, and how long that may take. */
export interface BodyLimits {
  /** Before and after decompression. */
  readonly maxBytes: number;
  /** Milliseconds from now on. */
  readonly timeoutMs: number;
  /** What it is counted against together with the bodies of other requests; undefined for small ones. */
  readonly share?: BodyShare | undefined;
}

/** What one request holds of a budget that all share. */
export interface BodyShare {
  /**
   * Bytes that have arrived. Only they count, so that clients who promise much and send nothing keep nobody out.
   * @throws RequestError Overloaded
   */
  take(bytes: number): void;
}

/** A prediction that has been asked for, by whichever door it came. */
export interface Exchange {
  readonly headers: AskedHeaders;
  /** Of the URL, without `?`; empty when there is none. */
  readonly querystring: string;
  /** The client prefers CSV to JSON (`Accept: text/csv`). */
  readonly prefersCsv: boolean;
  /** Filled in on the way. */
  readonly stages: RequestStages;
  /** Aborted when the client goes away before its answer has been written. */
  readonly gone: GoneSignal;
  /**
   * The body, decompressed; at once where it has come already.
   * @throws RequestError UnsupportedMediaType, InvalidInput, PayloadTooLarge, Overloaded, DeadlineExceeded
   */
  readBody(limits: BodyLimits): Buffer | Promise<Buffer>;
  /** Calls back once the answer has been written, or the client has gone. */
  onceOver(callback: () => void): void;
}

/** Status, body, and what is to be said of it. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Further headers, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads a request, predicts and encodes; writes nothing. What needs no waiting, such as health and the refusals of a full queue, is answered at once.
 * @throws RequestError, also before there is a promise
 */
export type Answerer = (exchange: Exchange) => HttpAnswer | Promise<HttpAnswer>;

export const JSON_TYPE = 'application/json; charset=utf-8';

/** The one error shape, `{"error": sentence, "code": stable code}`. */
export function errorAnswer(error: RequestError): HttpAnswer {
  const { status, retryAfterSeconds, example } = error;
  const body = JSON.stringify({ error: error.message, code: error.code });
  return {
    status,
    contentType: JSON_TYPE,
    // Put in as text: parsing it would round integers beyond 2^53.
    body: example === undefined ? body : `${body.slice(0, -1)},"example":${example}}`,
    headers: retryAfterSeconds === undefined ? [] : [['Retry-After', String(retryAfterSeconds)]],
  };
}
