/** Weight of the newest run; the last ten or so decide. */
const NEWEST_WEIGHT = 0.2;
const MIN_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 60;

/** Rows computed in a millisecond, an exponentially weighted mean over runs. */
export class Throughput {
  #rowsPerMs: number | undefined;

  record(rows: number, durationMs: number): void {
    const rate = rows / Math.max(durationMs, 0.001);
    this.#rowsPerMs = this.#rowsPerMs === undefined ? rate : this.#rowsPerMs + NEWEST_WEIGHT * (rate - this.#rowsPerMs);
  }

  /** Rows that will have been computed after `durationMs`; 0 when nothing has been measured yet. */
  rowsIn(durationMs: number): number {
    return Math.floor((this.#rowsPerMs ?? 0) * durationMs);
  }

  /** Whole seconds until `rows` rows will have been computed, 1 to 60; 1 when nothing has been measured yet. */
  secondsFor(rows: number): number {
    const seconds = this.#rowsPerMs === undefined ? 0 : rows / this.#rowsPerMs / 1000;
    return Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, Math.ceil(seconds)));
  }
}
