import { createHistogram } from 'node:perf_hooks';

/** Times from sending, or from when sending was due, to the last byte of the answer; in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Longest time told apart from longer ones: a minute. */
const HIGHEST_US = 60_000_000;

/** Collects times in a histogram of three significant digits. */
export class LatencyRecorder {
  readonly #histogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  record(latencyMs: number): void {
    this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(latencyMs * 1000))));
  }

  /** Undefined when nothing was recorded. */
  result(): Latency | undefined {
    if (this.#histogram.count === 0) return undefined;
    const at = (percent: number): number => this.#histogram.percentile(percent) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), max: this.#histogram.max / 1000 };
  }
}
