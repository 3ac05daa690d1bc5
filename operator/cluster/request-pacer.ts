import type { Clock } from '../clock.ts';

/** Longest pause that the API server can ask for. */
const MAX_PAUSE_MS = 30_000;
/** Pauses are longer by up to a fifth, so that replicas and other clients do not come back in step. */
const JITTER = 0.2;

/**
 * Keeps all requests back while the API server asks for it. An answer 429 with Retry-After (API priority and fairness) or 503
 * concerns whoever makes requests of this kind, not the one object whose request met it. How many go out at once afterwards is
 * bounded by the workers.
 */
export class RequestPacer {
  readonly #clock: Clock;
  readonly #random: () => number;
  #notBeforeMs = 0;

  /** @param random in [0, 1) */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Resolves when a request may be made. */
  async ready(): Promise<void> {
    for (;;) {
      const waitMs = this.#notBeforeMs - this.#clock.elapsed();
      if (waitMs <= 0) return;
      await new Promise<void>((resolve) => void this.#clock.after(waitMs, resolve));
    }
  }

  /** The API server turned a request away. @param retryAfterMs as it asked; undefined: it did not */
  onRefused(retryAfterMs: number | undefined): void {
    if (retryAfterMs === undefined) return;
    const pauseMs = Math.min(retryAfterMs, MAX_PAUSE_MS) * (1 + JITTER * this.#random());
    this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#clock.elapsed() + pauseMs);
  }
}
