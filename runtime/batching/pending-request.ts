import { RequestError } from '../errors.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { concatFeeds } from './concat.ts';
import type { Deadlined } from './deadlines.ts';
import type { Place } from './linked-list.ts';
import { sliceNamed } from './split.ts';

/** Tensors to run through the model. */
export interface BatchRequest {
  readonly feeds: NamedTensors;
  /** Rows along axis 0 of every feed; 1 when the request cannot be counted in rows. */
  readonly rows: number;
  /** Graph outputs wanted. */
  readonly outputs: readonly string[];
  /** Axis 0 of every feed and of every wanted output is rows, so that the request may be joined with others, or cut. */
  readonly isRowwise: boolean;
}

/** What the batcher needs of an AbortSignal; a door may have a cheaper one. */
export interface GoneSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** When a request is no longer worth computing. */
export interface RequestLimits {
  /** Aborted when the client has gone. */
  readonly signal?: GoneSignal | undefined;
  /** Moment of the batcher's clock (`performance.now()`), in milliseconds, past which nobody waits for the answer. */
  readonly deadlineMs?: number | undefined;
  /** Filled in with how long the request waited and ran, for whoever wants to know. */
  readonly stages?: BatchStages | undefined;
}

/** What became of a request, in milliseconds and rows. */
export interface BatchStages {
  queueMs: number | undefined;
  /** Sum of all runs that it had rows in. */
  runMs: number | undefined;
  rows: number | undefined;
}

/** Consecutive rows of a request that go into one run. */
export interface Part {
  readonly pending: PendingRequest;
  readonly start: number;
  readonly rows: number;
}

/** A request from admission to answer: how much of it has been taken into runs, and what came back. */
export class PendingRequest implements Deadlined {
  readonly request: BatchRequest;
  readonly admittedMs: number;
  readonly deadlineMs: number;
  readonly answer: Promise<NamedTensors>;
  /** Rows that no run has taken yet. */
  waitingRows: number;
  /** In the queue; set while it is there. */
  queuePlace: Place<PendingRequest> | undefined;
  watchPlace: Place<Deadlined> | undefined;
  isSettled = false;
  #parts: { readonly start: number; readonly outputs: NamedTensors }[] = [];
  #deliveredRows = 0;
  readonly #resolvers = Promise.withResolvers<NamedTensors>();
  readonly #signal: GoneSignal | undefined;
  readonly #stages: BatchStages | undefined;
  readonly #onSettled: (pending: PendingRequest) => void;

  /** @param onSettled called once, before the answer is given */
  constructor(
    request: BatchRequest,
    admittedMs: number,
    limits: RequestLimits,
    onSettled: (pending: PendingRequest) => void,
  ) {
    this.request = request;
    this.admittedMs = admittedMs;
    this.deadlineMs = limits.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.waitingRows = request.rows;
    this.answer = this.#resolvers.promise;
    this.#onSettled = onSettled;
    this.#stages = limits.stages;
    if (this.#stages) this.#stages.rows = request.rows;
    this.#signal = limits.signal;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The next rows that no run has taken, `maxRows` at most; all of them when the request cannot be cut. */
  take(maxRows: number): Part {
    const rows = this.request.isRowwise ? Math.min(maxRows, this.waitingRows) : this.waitingRows;
    const start = this.request.rows - this.waitingRows;
    this.waitingRows -= rows;
    return { pending: this, start, rows };
  }

  /** Notes a run that some of its rows were in. */
  measured(startedMs: number, runMs: number): void {
    if (!this.#stages) return;
    this.#stages.queueMs ??= startedMs - this.admittedMs;
    this.#stages.runMs = (this.#stages.runMs ?? 0) + runMs;
  }

  /** Takes the outputs of one part; the answer is given once every row has come. */
  deliver({ start, rows }: Part, outputs: NamedTensors): void {
    if (this.isSettled) return;
    if (rows === this.request.rows) {
      this.#settle();
      this.#resolvers.resolve(outputs);
      return;
    }
    this.#parts.push({ start, outputs });
    this.#deliveredRows += rows;
    if (this.#deliveredRows < this.request.rows) return;
    this.#settle();
    const inOrder = this.#parts.toSorted((a, b) => a.start - b.start).map((part) => part.outputs);
    this.#resolvers.resolve(concatFeeds(inOrder));
  }

  fail(error: unknown): void {
    if (this.isSettled) return;
    this.#settle();
    this.#resolvers.reject(error);
  }

  expire(): void {
    this.fail(new RequestError('DeadlineExceeded', 'the deadline passed before the prediction was computed'));
  }

  readonly #onAbort = (): void => {
    this.fail(new RequestError('DeadlineExceeded', 'the client has gone', { cause: this.#signal?.reason }));
  };

  #settle(): void {
    this.isSettled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onSettled(this);
  }
}

/** The feeds of a part: the request's own for a whole request, a copy for a cut one. */
export function feedsOfPart({ pending: { request }, start, rows }: Part): NamedTensors {
  return rows === request.rows ? request.feeds : concatFeeds([sliceNamed(request.feeds, start, rows)]);
}
