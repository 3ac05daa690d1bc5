import type { Clock } from './clock.ts';

/** Repairs that may follow each other at once: someone who changes a field a few times gets it back a few times. */
const BURST = 5;
/** After these, one repair in this time: two controllers that fight must not load the API server. */
const INTERVAL_MS = 10_000;

/** Bounds how often one object is repaired. A token bucket for each, kept only while it is not full. */
export class RepairLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a repair of that object. @returns 0 when it may be done now, else milliseconds until it may */
  take(id: string): number {
    const nowMs = this.#clock.elapsed();
    const bucket = this.#buckets.get(id) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.atMs) / INTERVAL_MS);
    this.#dropFull(nowMs);
    if (tokens < 1) return Math.ceil((1 - tokens) * INTERVAL_MS);
    this.#buckets.set(id, { tokens: tokens - 1, atMs: nowMs });
    return 0;
  }

  #dropFull(nowMs: number): void {
    for (const [id, { tokens, atMs }] of this.#buckets) {
      if (tokens + (nowMs - atMs) / INTERVAL_MS >= BURST) this.#buckets.delete(id);
    }
  }
}
