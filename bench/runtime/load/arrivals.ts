/**
 * When requests of a fixed rate are due: request n at start + n / rate, whatever the server does. A request that leaves late, because the
 * client or the server was busy, keeps the time it was due, so that its wait is not left out of the times (coordinated omission).
 */
export class Arrivals {
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #count: number;
  #taken = 0;

  /**
   * @param startMs when the first is due, on the caller's clock
   * @throws RangeError for a rate or a duration that is not positive
   */
  constructor({ startMs, ratePerSecond, durationMs }: { startMs: number; ratePerSecond: number; durationMs: number }) {
    if (!(ratePerSecond > 0 && durationMs > 0)) throw new RangeError('rate and duration must be above zero');
    this.#startMs = startMs;
    this.#intervalMs = 1000 / ratePerSecond;
    this.#count = Math.max(1, Math.floor((durationMs * ratePerSecond) / 1000));
  }

  /** How many there are altogether. */
  get count(): number {
    return this.#count;
  }

  /** Whether all have been taken. */
  get isOver(): boolean {
    return this.#taken === this.#count;
  }

  /** Due times up to now that were not taken before, in order. */
  take(nowMs: number): number[] {
    const due: number[] = [];
    while (this.#taken < this.#count && this.#dueMs(this.#taken) <= nowMs) due.push(this.#dueMs(this.#taken++));
    return due;
  }

  /** When the next one is due; undefined when all were taken. */
  nextMs(): number | undefined {
    return this.isOver ? undefined : this.#dueMs(this.#taken);
  }

  #dueMs(index: number): number {
    return this.#startMs + index * this.#intervalMs;
  }
}
