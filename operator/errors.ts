import type { Reason } from './api/model-deployment.ts';

/** Someone else wrote first: read again and try at once, silently. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** Nobody must act: network, 429, 5xx. Retried with capped exponential backoff, not before `retryAfterMs`. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  readonly retryAfterMs: number | undefined;
  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nothing is wrong, something else must happen first: silently again after `afterMs`, or when it happened. */
export class WaitingError extends Error {
  override readonly name = 'WaitingError';
  readonly afterMs: number;
  constructor(message: string, options: { afterMs: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs;
  }
}

/** A person must act: no retry until something changes. `message` goes into status as it is. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly reason: Reason;
  /** Look again then, because what must change (a quota, a right, a foreign object) is not watched; undefined: it is. */
  readonly recheckAfterMs: number | undefined;
  constructor(reason: Reason, message: string, options: { cause?: unknown; recheckAfterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.recheckAfterMs = options.recheckAfterMs;
  }
}
