/**
 * The short-lived process of a trial. The model is loaded on a worker thread, whose stack is the smallest that it will meet: a tree 8,000
 * nodes deep loads on a main thread and crashes a worker.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { NamedTensors } from '../tensor/tensor.ts';
import type { Session } from './session.ts';
import type { TrialMessage, TrialRequest } from './trial.ts';

/** Runs per measurement, and the time after which no further one begins. */
const RUNS = 30;
const MEASURE_MS = 200;

if (isMainThread) forward();
else parentPort?.once('message', (request: TrialRequest) => void tryOut(request));

function forward(): void {
  try {
    // Should memory run out, the kernel ends this process and not the one that reports it.
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux.
  }
  const thread = new Worker(new URL(import.meta.url));
  thread.on('message', (message: TrialMessage) => process.send?.(message));
  process.once('message', (request: TrialRequest) => thread.postMessage(request, []));
  // Nobody is left to tell.
  process.once('disconnect', () => process.exit(1));
}

async function tryOut({ modelFile, oneRow, fullBatch, outputs }: TrialRequest): Promise<void> {
  const startedMs = performance.now();
  let session: Session;
  try {
    // Only here: the process's main thread has no use for the library.
    const { createInlineSession } = await import('./inline-session.ts');
    session = await createInlineSession(modelFile, 1);
  } catch (error) {
    return say({ loadError: error instanceof Error ? error.message : String(error) });
  }
  say({ loadMs: performance.now() - startedMs });
  let refusal: string | undefined;
  for (const [feedsIndex, feeds] of oneRow.entries()) {
    try {
      const oneRowMs = await measure(session, feeds, outputs);
      const batch = fullBatch[feedsIndex];
      // A full batch that fails is no reason to refuse: the batcher falls back to single rows.
      const fullBatchMs = batch && (await measure(session, batch, outputs).catch(() => undefined));
      return say({ report: { oneRowMs, fullBatchMs, feedsIndex, refusal: undefined } });
    } catch (error) {
      const { cause } = error as Error;
      refusal = cause instanceof Error ? cause.message : String(error);
    }
  }
  return say({ report: { oneRowMs: undefined, fullBatchMs: undefined, feedsIndex: undefined, refusal } });
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

function say(message: TrialMessage): void {
  parentPort?.postMessage(message, []);
}
