import { OrtSession } from './onnxruntime.ts';
import { classifyRunFailure } from './run-failure.ts';
import type { Session } from './session.ts';

/**
 * A model that runs on the calling thread, which is blocked for as long as a run takes: right for models that answer in a fraction of a millisecond.
 * @throws the library's error when the model does not load
 */
export async function createInlineSession(modelFile: string, threads = 1): Promise<Session> {
  const session = new OrtSession(modelFile, threads);
  return {
    async run(feeds, outputs) {
      try {
        return session.run(feeds, outputs);
      } catch (error) {
        throw classifyRunFailure(error);
      }
    },
    isAlive: () => true,
    async close() {
      session.release();
    },
  };
}
