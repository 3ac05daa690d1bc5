import type { Behaviour } from './try-out.ts';

/** Longest run of one row that may block the main thread; a round trip to a worker takes about 0.1 ms. */
const MAX_INLINE_ROW_MS = 0.5;
/** The same for a full batch, for which health checks and other requests wait. */
const MAX_INLINE_BATCH_MS = 5;

/** Where a model's runs happen. */
export type SessionThread = 'Main' | 'Worker';

/** Whether a run of one row this long may block the main thread. */
export function isQuickRow(oneRowMs: number): boolean {
  return oneRowMs <= MAX_INLINE_ROW_MS;
}

/** The thread for a model that behaved like this: short runs stay on the main one. */
export function chooseThread({ oneRowMs, fullBatchMs }: Pick<Behaviour, 'oneRowMs' | 'fullBatchMs'>): SessionThread {
  if (oneRowMs === undefined || !isQuickRow(oneRowMs)) return 'Worker';
  return (fullBatchMs ?? oneRowMs) > MAX_INLINE_BATCH_MS ? 'Worker' : 'Main';
}
