import './no-telemetry.ts';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RequestError, type ErrorCode } from '../errors.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import type { Session } from './session.ts';

/** What the worker gets: one run. */
export type WorkerRequest = { readonly id: number; readonly feeds: NamedTensors; readonly outputs: readonly string[] };

/** What it answers: first `loaded`, then one message per run. `cause` is a text for the log. */
export type WorkerReply =
  | { readonly loaded: true }
  | { readonly loadError: string }
  | { readonly id: number; readonly results: NamedTensors }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string; readonly cause: string };

export interface WorkerData {
  readonly modelFile: string;
  readonly threads: number;
}

/** A run that lasts longer is stuck: onnxruntime cannot be stopped, only its process. Ten times the default request timeout. */
const STUCK_AFTER_MS = 10 * 30_000;

/**
 * A model that runs on a thread of its own, one run after the other, so that the calling thread stays free for health checks and requests.
 * Feeds are copied to it (about 0.1 ms a run).
 * @throws Error with the library's text when the model does not load
 */
export async function createWorkerSession(modelFile: string, threads: number, now = Date.now): Promise<Session> {
  const workerData: WorkerData = { modelFile, threads };
  // Compiled, the worker is a .js file like this one.
  const worker = new Worker(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url), { workerData });
  const runs = new Map<number, PromiseWithResolvers<NamedTensors>>();
  let nextId = 0;
  let ended = false;
  /** When the run that the worker is at began. */
  let busySince = 0;
  const { promise: loaded, resolve: onLoaded, reject: onLoadError } = Promise.withResolvers<void>();

  worker.on('message', (reply: WorkerReply) => {
    if ('loaded' in reply) return onLoaded();
    if ('loadError' in reply) return onLoadError(new Error(reply.loadError));
    busySince = now();
    const run = runs.get(reply.id);
    runs.delete(reply.id);
    if ('results' in reply) return run?.resolve(reply.results);
    return run?.reject(new RequestError(reply.code, reply.message, { cause: new Error(reply.cause) }));
  });
  const end = (cause: unknown): void => {
    ended = true;
    const error = new RequestError('InferenceFailed', 'the model failed to compute an answer', { cause });
    onLoadError(error);
    for (const run of runs.values()) run.reject(error);
    runs.clear();
  };
  worker.on('error', end);
  worker.on('exit', (code) => end(new Error(`the inference thread ended with code ${code}`)));

  try {
    await loaded;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    async run(feeds, outputs) {
      if (ended) throw new RequestError('InferenceFailed', 'the model failed to compute an answer');
      nextId += 1;
      const request: WorkerRequest = { id: nextId, feeds, outputs };
      if (runs.size === 0) busySince = now();
      const run = Promise.withResolvers<NamedTensors>();
      runs.set(request.id, run);
      worker.postMessage(request, []);
      return run.promise;
    },
    isAlive: () => !ended && (runs.size === 0 || now() - busySince < STUCK_AFTER_MS),
    async close() {
      await Promise.allSettled([...runs.values()].map((run) => run.promise));
      await worker.terminate();
    },
  };
}
