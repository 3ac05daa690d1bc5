/**
 * How long the parts of a prediction took, in milliseconds; undefined for a part that it never reached. Whoever answers the request fills it in
 * on the way; who wants to know reads it once the answer has been sent.
 */
export class RequestStages {
  /** From the request's headers to the last byte of its body. */
  readMs: number | undefined;
  /** From bytes to tensors. */
  decodeMs: number | undefined;
  /** Until the first of its runs began. */
  queueMs: number | undefined;
  /** All runs that it had rows in. */
  runMs: number | undefined;
  /** From tensors to the bytes of the answer. */
  encodeMs: number | undefined;
  rows: number | undefined;
}

/** The parts in the order in which they happen, by their names in metrics, traces and `Server-Timing`. */
export const STAGES = [
  ['read', 'readMs'],
  ['decode', 'decodeMs'],
  ['queue', 'queueMs'],
  ['run', 'runMs'],
  ['encode', 'encodeMs'],
] as const satisfies readonly (readonly [string, keyof RequestStages])[];

/** A request whose answer has been sent, or whose client went away. */
export interface RequestRecord {
  readonly protocol: 'http' | 'grpc';
  /** `GET`, `POST` ..; of gRPC `POST`. */
  readonly method: string;
  /** The route's pattern, never a path that a client made up; `none` for what matched none. Of gRPC the method's path. */
  readonly route: string;
  /** Of HTTP, 499 when the client went away first; the name of gRPC's. */
  readonly status: number | string;
  /** The request failed, and not because of what the client sent. */
  readonly isFailure: boolean;
  /** Moment of `performance.now()`. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly requestId: string;
  /** Of the model that answered. */
  readonly generation: string | undefined;
  /** The header as it came (W3C Trace Context). */
  readonly traceparent: string | undefined;
  /** The header as it came. */
  readonly tracestate: string | undefined;
  readonly stages: RequestStages;
}

/** Is told of every request once it is over. It must not throw, and costs every request its time. */
export type RequestObserver = (record: RequestRecord) => void;
