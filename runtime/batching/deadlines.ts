import type { Clock } from './clock.ts';
import { LinkedList, type Place } from './linked-list.ts';

/** Something that must be over by a moment of the clock. */
export interface Deadlined {
  readonly deadlineMs: number;
  /** Set while it is watched. */
  watchPlace: Place<Deadlined> | undefined;
  expire(): void;
}

/**
 * Expires what is past its deadline. One timer for all: it goes off for the earliest deadline at the time it was set, and is set again
 * as long as something is watched. Requests that end in time, nearly all, cost an insertion and a removal.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #watched = new LinkedList<Deadlined>();
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `item.expire()` once its deadline has passed, unless it is dropped before. */
  watch(item: Deadlined): void {
    item.watchPlace = this.#watched.add(item);
    this.#setTimer(item.deadlineMs);
  }

  drop(item: Deadlined): void {
    if (item.watchPlace) this.#watched.remove(item.watchPlace);
    item.watchPlace = undefined;
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
        this.drop(item);
        item.expire();
      }
    }
    if (Number.isFinite(earliest)) this.#setTimer(earliest);
  }
}
