import type { FailureReason } from './contract.ts';

/** Stable codes of HTTP error bodies, each with its status. `message` of a RequestError is always fit to be shown. */
export const ERROR_STATUS = {
  InvalidInput: 400,
  UnknownModel: 404,
  UnknownRoute: 404,
  MethodNotAllowed: 405,
  PayloadTooLarge: 413,
  UnsupportedMediaType: 415,
  Overloaded: 429,
  InferenceFailed: 500,
  ModelNotReady: 503,
  DeadlineExceeded: 504,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A request that gets an error answer. Anything else thrown while answering is a bug: 500 InferenceFailed, details only in the log. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;
  /** JSON text of a body that would be taken. */
  readonly example: string | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number; example?: string } = {},
  ) {
    // Told to the client, not to us: nobody looks for the line that threw it, and finding it takes longer than refusing a request otherwise.
    const { stackTraceLimit } = Error;
    if (code !== 'InferenceFailed') Error.stackTraceLimit = 0;
    super(message, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.example = options.example;
  }
  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** 400 with the field path first: `instances[3]: expected 4 numbers, got 3`. */
export function invalidInput(path: string, problem: string, cause?: unknown): RequestError {
  return new RequestError('InvalidInput', path === '' ? problem : `${path}: ${problem}`, { cause });
}

/** A model that cannot be served; ends the process with a termination message. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
  }
}
