/** Time and turns of the event loop, so that tests can hold both. */
export interface Clock {
  /** Milliseconds from some fixed moment, never going back. */
  now(): number;
  /** Calls back once, `delayMs` from now at the earliest. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): void;
  /** Calls back once everything that is ready in this turn of the event loop has been handled. */
  nextTurn(callback: () => void): void;
}

/** Longer timers would go off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => void setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)).unref(),
  nextTurn: (callback) => void setImmediate(callback),
};
