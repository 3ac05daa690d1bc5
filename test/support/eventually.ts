import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Default 50. */
  readonly intervalMs?: number;
}

/**
 * Calls `check` until it neither throws nor rejects, and gives what it returned then.
 * @throws what the last call threw, with a line on how long was waited, once the time is over
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() < deadline) await delay(intervalMs);
      else throw describeWait(error, timeoutMs);
    }
  }
}

/** Keeps the error object, because mocha shows an AssertionError's `expected` and `actual` as a diff. */
function describeWait(error: unknown, timeoutMs: number): Error {
  if (!(error instanceof Error)) return new Error(`still failing after ${timeoutMs} ms`, { cause: error });
  error.message = `${error.message} (still so after ${timeoutMs} ms)`;
  return error;
}
