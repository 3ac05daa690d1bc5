/** The middle of repeated measurements and how far they lie apart. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Middle value; of an even number of values the mean of the middle two. @throws RangeError without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  return (lower + upper) / 2;
}

/** @throws RangeError without values */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Ratios of what was measured in the same round, so that a machine that becomes slower for a while slows both sides of a ratio.
 * @param over per round, in the same order
 * @throws RangeError without rounds, or when the two have not as many
 */
export function pairedRatios(values: readonly number[], over: readonly number[]): Summary {
  if (values.length !== over.length) throw new RangeError(`${values.length} rounds against ${over.length}`);
  return summarize(values.map((value, round) => value / over[round]!));
}
