import { availableParallelism } from 'node:os';
import type { SessionThread } from './choose-thread.ts';
import { createInlineSession } from './inline-session.ts';
import { classifyLoadFailure } from './load-failure.ts';
import type { Session } from './session.ts';
import { createWorkerSession } from './worker-session.ts';

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
