import { availableParallelism } from 'node:os';
import { createInlineSession } from './inline-session.ts';
import { classifyLoadFailure } from './load-failure.ts';
import type { Session } from './session.ts';
import type { TrialReport } from './trial.ts';
import { createWorkerSession } from './worker-session.ts';

/** Longest run of one row that may block the main thread; a round trip to a worker takes about 0.1 ms. */
const MAX_INLINE_ROW_MS = 0.5;
/** The same for a full batch, for which health checks and other requests wait. */
const MAX_INLINE_BATCH_MS = 5;

/** Where a model's runs happen. */
export type SessionThread = 'Main' | 'Worker';

/** The thread for a model that behaved like this: short runs stay on the main one. */
export function chooseThread({ oneRowMs, fullBatchMs }: TrialReport): SessionThread {
  if (oneRowMs === undefined || oneRowMs > MAX_INLINE_ROW_MS) return 'Worker';
  return (fullBatchMs ?? oneRowMs) > MAX_INLINE_BATCH_MS ? 'Worker' : 'Main';
}

/**
 * Opens a model that passed its trial.
 * @param cpuMillis CPU limit, in thousandths of a core; undefined: the cores of the machine. A worker computes with as many threads
 * @throws ModelFailure
 */
export async function openSession(
  modelFile: string,
  thread: SessionThread,
  cpuMillis: number | undefined,
): Promise<Session> {
  const cores = Math.min(availableParallelism(), Math.ceil((cpuMillis ?? Infinity) / 1000));
  try {
    return await (thread === 'Main'
      ? createInlineSession(modelFile)
      : createWorkerSession({ modelFile, threads: cores }));
  } catch (error) {
    throw classifyLoadFailure(error);
  }
}
