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

export interface WorkerSettings {
  /** Must stay where it is until the session is closed: a worker that ends is replaced. */
  readonly modelFile: string;
  /** For one run. */
  readonly threads: number;
  /** Milliseconds; default `Date.now`. */
  readonly now?: () => number;
  /** The worker's program; default the one beside this file. */
  readonly program?: URL;
}

/** A run that lasts longer is stuck: onnxruntime cannot be stopped, only its process. Ten times the default request timeout. */
const STUCK_AFTER_MS = 10 * 30_000;
/** Workers in a row that end before they have answered anything; then the process had better start again. */
const MAX_FAILURES = 3;

/**
 * A model that runs on a thread of its own, one run after the other, so that the calling thread stays free for health checks and requests.
 * Feeds are copied to it (about 0.1 ms a run). When the thread ends, the runs it had fail, and another takes its place.
 * @throws Error with the library's text when the model does not load
 */
export async function createWorkerSession(settings: WorkerSettings): Promise<Session> {
  const session = new WorkerSession(settings);
  await session.loaded;
  return session;
}

class WorkerSession implements Session {
  readonly #settings: WorkerSettings;
  #thread: InferenceThread;
  /** Threads in a row that ended without an answer. */
  #failures = 0;
  #isClosing = false;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#thread = new InferenceThread(settings);
    this.loaded = this.#thread.loaded;
    // The first thread is not replaced unless it has loaded the model.
    this.loaded.then(
      () => this.#replaceAtEnd(),
      () => {},
    );
  }

  /** Of the first thread. */
  readonly loaded: Promise<void>;

  async run(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> {
    // Until it is replaced.
    if (this.#thread.hasEnded) await this.#thread.ended;
    const results = await this.#thread.run(feeds, outputs);
    this.#failures = 0;
    return results;
  }

  isAlive(): boolean {
    return !this.#thread.hasEnded && !this.#thread.isStuck;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#thread.close();
  }

  async #replaceAtEnd(): Promise<void> {
    for (;;) {
      await this.#thread.ended;
      if (this.#isClosing || this.#failures >= MAX_FAILURES) return;
      this.#failures += 1;
      this.#thread = new InferenceThread(this.#settings);
    }
  }
}

/** One thread from its start to its end. */
class InferenceThread {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  hasEnded = false;
  readonly #worker: Worker;
  readonly #now: () => number;
  readonly #runs = new Map<number, PromiseWithResolvers<NamedTensors>>();
  readonly #onLoaded = Promise.withResolvers<void>();
  #nextId = 0;
  /** When the run that the worker is at began. */
  #busySince = 0;

  constructor({ modelFile, threads, now = Date.now, program }: WorkerSettings) {
    this.#now = now;
    const workerData: WorkerData = { modelFile, threads };
    // Compiled, the worker is a .js file like this one.
    const url = program ?? new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(url, { workerData });
    this.loaded = this.#onLoaded.promise;
    // Told to those who run something.
    this.loaded.catch(() => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#worker.on('message', (reply: WorkerReply) => this.#receive(reply));
    this.#worker.on('error', (cause) => this.#end(cause));
    this.#worker.on('exit', (code) => {
      this.#end(new Error(`the inference thread ended with code ${code}`));
      resolve();
    });
  }

  get isStuck(): boolean {
    return this.#runs.size > 0 && this.#now() - this.#busySince >= STUCK_AFTER_MS;
  }

  /** @throws RequestError InferenceFailed when the thread ends first */
  async run(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> {
    if (this.hasEnded) throw failed(new Error('the inference thread has ended'));
    this.#nextId += 1;
    const request: WorkerRequest = { id: this.#nextId, feeds, outputs };
    if (this.#runs.size === 0) this.#busySince = this.#now();
    const run = Promise.withResolvers<NamedTensors>();
    this.#runs.set(request.id, run);
    // A thread that is still loading takes it up afterwards.
    this.#worker.postMessage(request, []);
    return run.promise;
  }

  /** Runs in flight end first. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#runs.values()].map((run) => run.promise));
    await this.#worker.terminate();
  }

  #receive(reply: WorkerReply): void {
    if ('loaded' in reply) return this.#onLoaded.resolve();
    if ('loadError' in reply) {
      this.#onLoaded.reject(new Error(reply.loadError));
      return void this.#worker.terminate();
    }
    this.#busySince = this.#now();
    const run = this.#runs.get(reply.id);
    this.#runs.delete(reply.id);
    if ('results' in reply) return run?.resolve(reply.results);
    return run?.reject(new RequestError(reply.code, reply.message, { cause: new Error(reply.cause) }));
  }

  #end(cause: unknown): void {
    this.hasEnded = true;
    const error = failed(cause);
    this.#onLoaded.reject(error);
    for (const run of this.#runs.values()) run.reject(error);
    this.#runs.clear();
  }
}

function failed(cause: unknown): RequestError {
  return new RequestError('InferenceFailed', 'the model failed to compute an answer', { cause });
}
