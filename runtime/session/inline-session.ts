import type { NamedTensors } from '../tensor/tensor.ts';
import { createOrtSession, fromOrt, toOrt } from './onnxruntime.ts';
import { classifyRunFailure } from './run-failure.ts';
import type { Session } from './session.ts';

/**
 * A model that runs on the calling thread, which is blocked for as long as a run takes: right for models that answer in a fraction of a millisecond.
 * @throws the library's error when the model does not load
 */
export async function createInlineSession(modelFile: string, threads = 1): Promise<Session> {
  const session = await createOrtSession(modelFile, threads);
  return {
    async run(feeds, outputs) {
      const ortFeeds = Object.fromEntries([...feeds].map(([name, tensor]) => [name, toOrt(tensor)]));
      let results: NamedTensors;
      try {
        results = fromOrt(await session.run(ortFeeds, outputs));
      } catch (error) {
        throw classifyRunFailure(error);
      }
      return results;
    },
    isAlive: () => true,
    close: () => session.release(),
  };
}
