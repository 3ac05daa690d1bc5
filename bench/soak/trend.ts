import { median } from '../statistics.ts';

/** A quantity at a moment. */
export interface Sample {
  readonly hours: number;
  readonly value: number;
}

/** A straight line through samples. */
export interface Trend {
  /** Per hour. */
  readonly slope: number;
  /** Standard error of the slope. */
  readonly error: number;
}

export type Verdict = 'flat' | 'grows' | 'cannot tell';

/** Where something was in a stretch of time: the middle of both. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Samples that follow each other resemble each other (garbage is collected now and then), so that they count as so many independent ones at most. */
const BLOCKS = 12;

/**
 * The medians of twelve equal stretches of time: hours and value.
 * @param samples in the order of time, 24 at least
 * @throws RangeError for fewer
 */
export function mediansInTime(samples: readonly Sample[]): Point[] {
  if (samples.length < 2 * BLOCKS) throw new RangeError(`${samples.length} samples are too few for a trend`);
  return Array.from({ length: BLOCKS }, (_, block) => {
    const [start, end] = [block, block + 1].map((index) => Math.round((index * samples.length) / BLOCKS));
    const stretch = samples.slice(start, end);
    return { x: median(stretch.map(({ hours }) => hours)), y: median(stretch.map(({ value }) => value)) };
  });
}

/**
 * Least squares through these medians, and what the scatter around the line leaves open.
 * @throws RangeError as they do
 */
export function fitTrend(samples: readonly Sample[]): Trend {
  const points = mediansInTime(samples);
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residue = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(residue / (BLOCKS - 2) / spread) };
}

/** Whether the slope is below a limit, above it, or within two standard errors of it. */
export function judge({ slope, error }: Trend, limitPerHour: number): Verdict {
  if (slope + 2 * error <= limitPerHour) return 'flat';
  return slope - 2 * error > limitPerHour ? 'grows' : 'cannot tell';
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
