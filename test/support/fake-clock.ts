import type { Clock } from '../../operator/clock.ts';

/** Lets every promise that can go on without a timer go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that a test turns by hand. Begins at `nowMs`, 2026-01-01T00:00:00Z unless told. */
export class FakeClock implements Clock {
  #nowMs: number;
  #jumpedMs = 0;
  #timers: { dueAt: number; callback: () => void }[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs + this.#jumpedMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueAt: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Somebody sets the time of day; nothing elapses. */
  jump(byMs: number): void {
    this.#jumpedMs += byMs;
  }

  /** Timers that have not fired and were not cancelled. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Delay until the next timer, in milliseconds; Infinity without one. */
  get nextTimerMs(): number {
    return Math.min(...this.#timers.map((timer) => timer.dueAt)) - this.#nowMs;
  }

  /** Turns the clock on, firing what becomes due in order, letting promises settle before, between and after. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const next = this.#timers.filter((timer) => timer.dueAt <= endMs).sort((a, b) => a.dueAt - b.dueAt)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueAt);
      next.callback();
      await settle();
      // What the callback began may wait for a turn of the event loop itself.
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }
}
