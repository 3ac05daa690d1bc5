/** The thread of a worker session: loads the model, then runs one request after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RequestError } from '../errors.ts';
import { createInlineSession } from './inline-session.ts';
import type { Session } from './session.ts';
import type { WorkerData, WorkerReply, WorkerRequest } from './worker-session.ts';
import { yieldCore } from './yield-core.ts';

const { modelFile, threads } = workerData as WorkerData;

/** Outputs are handed over, not copied: nobody here looks at them again. */
function reply(message: WorkerReply): void {
  const tensors = 'results' in message ? [...message.results.values()] : [];
  const buffers = new Set(tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer])));
  parentPort?.postMessage(message, [...buffers]);
}

async function answer(session: Session, { id, feeds, outputs }: WorkerRequest): Promise<WorkerReply> {
  try {
    return { id, results: await session.run(feeds, outputs) };
  } catch (error) {
    const { code, message, cause } = error as RequestError;
    return { id, code, message, cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
}

try {
  yieldCore();
  const session = await createInlineSession(modelFile, threads);
  parentPort?.on('message', (request: WorkerRequest) => void answer(session, request).then(reply));
  reply({ loaded: true });
} catch (error) {
  reply({ loadError: error instanceof Error ? error.message : String(error) });
}
