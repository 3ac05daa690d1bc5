import type { NamedTensors } from '../tensor/tensor.ts';
import { isQuickRow } from './choose-thread.ts';
import type { Session } from './session.ts';

/** Runs per measurement, and the time after which no further one begins. */
const RUNS = 30;
const MEASURE_MS = 200;

/** What a model is tried with. */
export interface MadeUpRows {
  /** Tried in turn until the model takes one. */
  readonly oneRow: readonly NamedTensors[];
  /** As many rows as a run may have, of the same kinds in the same order; empty when the model takes one row at a time. */
  readonly fullBatch: readonly NamedTensors[];
  readonly outputs: readonly string[];
}

/** How a model behaved. */
export interface Behaviour {
  /** Duration of a run with one row, the lower quartile; undefined when the model took none of the feeds. */
  readonly oneRowMs: number | undefined;
  /** The same with a full batch; undefined when that failed, or one row says enough. */
  readonly fullBatchMs: number | undefined;
  /** Which of the feeds it took. */
  readonly feedsIndex: number | undefined;
  /** Why it took none; the library's words for the last one. */
  readonly refusal: string | undefined;
}

/** Runs a model with made-up rows, to see which it takes and how long it needs. Never throws what the model says of them. */
export async function tryOut(session: Session, { oneRow, fullBatch, outputs }: MadeUpRows): Promise<Behaviour> {
  let refusal: string | undefined;
  for (const [feedsIndex, feeds] of oneRow.entries()) {
    try {
      const oneRowMs = await measure(session, feeds, outputs);
      const batch = isQuickRow(oneRowMs) ? fullBatch[feedsIndex] : undefined;
      // A full batch that fails is no reason to refuse: the batcher falls back to single rows.
      const fullBatchMs = batch && (await measure(session, batch, outputs).catch(() => undefined));
      return { oneRowMs, fullBatchMs, feedsIndex, refusal: undefined };
    } catch (error) {
      const { cause } = error as Error;
      refusal = cause instanceof Error ? cause.message : String(error);
    }
  }
  return { oneRowMs: undefined, fullBatchMs: undefined, feedsIndex: undefined, refusal };
}

/**
 * Run time in milliseconds: the lower quartile, because on a busy machine the median shows the load of others. The first run prepares
 * memory and does not count, unless it is slow.
 */
async function measure(session: Session, feeds: NamedTensors, outputs: readonly string[]): Promise<number> {
  const durations: number[] = [];
  const startedMs = performance.now();
  while (durations.length <= RUNS && (durations.length === 0 || performance.now() - startedMs < MEASURE_MS)) {
    const runStartedMs = performance.now();
    await session.run(feeds, outputs);
    durations.push(performance.now() - runStartedMs);
  }
  const counted = durations.length > 1 ? durations.slice(1) : durations;
  return counted.sort((a, b) => a - b)[Math.floor(counted.length / 4)] ?? 0;
}
