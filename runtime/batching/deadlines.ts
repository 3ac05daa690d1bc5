import type { Clock } from './clock.ts';

/** Something that must be over by a moment of the clock. */
export interface Deadlined {
  readonly deadlineMs: number;
  expire(): void;
}

/**
 * Expires what is past its deadline. One timer for all: it goes off for the earliest deadline at the time it was set, and is set again
 * as long as something is watched. Requests that end in time, nearly all, cost a set insertion and a deletion.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #watched = new Set<Deadlined>();
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `item.expire()` once its deadline has passed, unless it is dropped before. */
  watch(item: Deadlined): void {
    this.#watched.add(item);
    this.#setTimer(item.deadlineMs);
  }

  drop(item: Deadlined): void {
    this.#watched.delete(item);
  }

  #setTimer(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    this.#timerAtMs = atMs;
    this.#clock.after(Math.max(0, Math.ceil(atMs - this.#clock.now())), () => this.#onTimer(atMs));
  }

  #onTimer(atMs: number): void {
    // A timer set for an earlier moment has taken over, and will set the next.
    if (atMs !== this.#timerAtMs) return;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const item of this.#watched) {
      if (item.deadlineMs > now) earliest = Math.min(earliest, item.deadlineMs);
      else {
        this.#watched.delete(item);
        item.expire();
      }
    }
    if (Number.isFinite(earliest)) this.#setTimer(earliest);
  }
}
