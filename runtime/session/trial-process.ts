/**
 * The short-lived process of a trial. The model is loaded on a worker thread, whose stack is the smallest that it will meet: a tree 8,000
 * nodes deep loads on a main thread and crashes a worker.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { Session } from './session.ts';
import type { TrialMessage, TrialRequest } from './trial.ts';
import { tryOut } from './try-out.ts';

if (isMainThread) forward();
else parentPort?.once('message', (request: TrialRequest) => void tryModelFile(request));

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

async function tryModelFile({ modelFile, ...rows }: TrialRequest): Promise<void> {
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
  return say({ report: await tryOut(session, rows) });
}

function say(message: TrialMessage): void {
  parentPort?.postMessage(message, []);
}
