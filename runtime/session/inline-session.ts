import { createOrtSession, fromOrt, toOrt } from './onnxruntime.ts';
import { classifyRunFailure } from './run-failure.ts';
import type { Session } from './session.ts';

/**
 * A model that runs on the calling thread, which is blocked for as long as a run takes: right for models that answer in a fraction of a millisecond.
 * @throws the library's error when the model does not load
 */
export async function createInlineSession(modelFile: string, threads = 1): Promise<Session> {
  const session = await createOrtSession(modelFile, threads);
  /** Runs take turns, so all are over when the last is. */
  let lastRun: Promise<unknown> = Promise.resolve();
  return {
    async run(feeds, outputs) {
      const ortFeeds = Object.fromEntries([...feeds].map(([name, tensor]) => [name, toOrt(tensor)]));
      const run = session.run(ortFeeds, outputs);
      lastRun = run;
      try {
        return fromOrt(await run);
      } catch (error) {
        throw classifyRunFailure(error);
      }
    },
    isAlive: () => true,
    async close() {
      await Promise.allSettled([lastRun]);
      await session.release();
    },
  };
}
