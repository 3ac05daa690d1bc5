import { RequestError } from '../errors.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { type Clock, systemClock } from './clock.ts';
import { concatFeeds, isConcatenable, padRows } from './concat.ts';
import { Deadlines } from './deadlines.ts';
import { LinkedList } from './linked-list.ts';
import { type BatchRequest, feedsOfPart, type Part, PendingRequest, type RequestLimits } from './pending-request.ts';
import { sliceNamed } from './split.ts';
import { Throughput } from './throughput.ts';

/** Computes the wanted outputs of a model for a batch. It may keep the feeds' buffers. */
export type RunBatch = (feeds: NamedTensors, outputs: readonly string[]) => Promise<NamedTensors>;

export interface BatcherSettings {
  /** Rows in one run, 1 or more; beyond `FULL_BATCH_ROWS` only as many as take a few milliseconds. A larger request becomes several runs. */
  readonly maxRows: number;
  /** Rows that may wait, 1 or more; beyond it requests get 429. A request always gets in when nothing waits. */
  readonly maxQueuedRows: number;
  /** The model takes exactly this many rows a run: the last row is repeated to fill up, and what comes back for it is dropped. Default: any number. */
  readonly fixedRows?: number | undefined;
  /** Runs at the same time, e.g. one for each worker. Default 1. */
  readonly maxConcurrentRuns?: number | undefined;
  /**
   * One more run may be begun while others are at work, if no more rows would fit into it: a session on another thread goes on with it at once, instead of
   * waiting until this thread has read what clients send. Default false.
   */
  readonly runsAhead?: boolean | undefined;
  /** Told after every run that gave an answer. */
  readonly onRun?: ((run: RunFacts) => void) | undefined;
}

/** Rows of a run whatever they take, if so many wait. */
export const FULL_BATCH_ROWS = 64;
/** A run has more rows than that only as long as it does not keep others waiting for longer than this. */
const LONGEST_RUN_MS = 4;

/** One run, for metrics. */
export interface RunFacts {
  readonly requests: number;
  readonly rows: number;
  readonly runMs: number;
  /** How long the first request of the run had waited. */
  readonly waitMs: number;
}

/**
 * Zero-delay coalescing. Requests that wait in the same turn of the event loop, and those that arrive during a run, go into the next run
 * together; nothing waits for company. Only requests for the same outputs, with the same datatypes and the same shape of a row, share a run.
 *
 * A run that fails is done again request by request, so that one bad request fails alone. A request with more rows than a run takes is cut,
 * and queues anew for each piece, so that small ones get between. Rows waiting are bounded.
 */
export class Batcher {
  readonly #runBatch: RunBatch;
  readonly #settings: BatcherSettings;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #throughput = new Throughput();
  /** In the order they will be served. */
  readonly #waiting = new LinkedList<PendingRequest>();
  #queuedRows = 0;
  #refusal: RequestError | undefined;
  #runs = 0;
  #lastRunEndedMs = 0;
  #isTurnAsked = false;

  constructor(runBatch: RunBatch, settings: BatcherSettings, clock: Clock = systemClock) {
    this.#runBatch = runBatch;
    this.#settings = settings;
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
  }

  /** Rows that no run has taken yet. */
  get queuedRows(): number {
    return this.#queuedRows;
  }

  /**
   * Why `rows` more rows may not wait; cheap enough to ask before a body is decoded. Not thrown: V8 looks through the stack for each throw, and once more at each
   * await that passes it on.
   * @returns Overloaded, with the seconds after which the queue will have been computed; undefined when they may
   */
  refusalOf(rows: number): RequestError | undefined {
    const { maxQueuedRows } = this.#settings;
    if (this.#queuedRows === 0 || this.#queuedRows + rows <= maxQueuedRows) return undefined;
    const retryAfterSeconds = this.#throughput.secondsFor(this.#queuedRows);
    const message = `${this.#queuedRows} rows are waiting and ${maxQueuedRows} may; try again in ${retryAfterSeconds} s`;
    // Thousands a second are told the same, and making an error is most of the work.
    if (this.#refusal?.message !== message) {
      this.#refusal = new RequestError('Overloaded', message, { retryAfterSeconds });
    }
    return this.#refusal;
  }

  /**
   * @returns the wanted outputs for these rows, in views of a buffer that other answers may share; read only
   * @throws RequestError Overloaded, DeadlineExceeded (also when the client has gone), or whatever the run throws for this request alone
   */
  run(request: BatchRequest, limits: RequestLimits = {}): Promise<NamedTensors> {
    const refusal = this.refusalOf(request.rows);
    if (refusal) return Promise.reject(refusal);
    const now = this.#clock.now();
    const pending = new PendingRequest(request, now, limits, (settled) => this.#forget(settled));
    this.#enqueue(pending);
    this.#queuedRows += request.rows;
    if (limits.signal?.aborted) pending.fail(new RequestError('DeadlineExceeded', 'the client has gone'));
    else if (pending.deadlineMs <= now) pending.expire();
    else if (Number.isFinite(pending.deadlineMs)) this.#deadlines.watch(pending);
    this.#askForTurn();
    return pending.answer;
  }

  #forget(pending: PendingRequest): void {
    this.#queuedRows -= pending.waitingRows;
    this.#dequeue(pending);
    this.#deadlines.drop(pending);
  }

  #enqueue(pending: PendingRequest): void {
    pending.queuePlace = this.#waiting.add(pending);
  }

  #dequeue(pending: PendingRequest): void {
    if (pending.queuePlace) this.#waiting.remove(pending.queuePlace);
    pending.queuePlace = undefined;
  }

  /** A run starts only on the next turn: what else is being read from sockets right now comes along. */
  #askForTurn(): void {
    if (this.#isTurnAsked || this.#waiting.isEmpty) return;
    this.#isTurnAsked = true;
    this.#clock.nextTurn(() => {
      this.#isTurnAsked = false;
      this.#startRuns();
    });
  }

  #startRuns(): void {
    while (!this.#waiting.isEmpty && this.#mayRun()) {
      this.#runs += 1;
      void this.#serve(this.#takeParts()).finally(() => {
        this.#runs -= 1;
        this.#askForTurn();
      });
    }
  }

  #mayRun(): boolean {
    const { maxConcurrentRuns = 1, runsAhead = false } = this.#settings;
    if (this.#runs < maxConcurrentRuns) return true;
    return runsAhead && this.#runs === maxConcurrentRuns && this.#queuedRows >= this.#roomInRun();
  }

  #roomInRun(): number {
    const { fixedRows, maxRows } = this.#settings;
    return fixedRows ?? Math.min(maxRows, Math.max(FULL_BATCH_ROWS, this.#throughput.rowsIn(LONGEST_RUN_MS)));
  }

  /** The request at the head of the queue, and every later one that fits in beside it. */
  #takeParts(): Part[] {
    const parts: Part[] = [];
    let head: BatchRequest | undefined;
    let room = this.#roomInRun();
    for (const pending of this.#waiting) {
      if (head && !(pending.waitingRows <= room && canShareRun(head, pending.request))) continue;
      head ??= pending.request;
      const part = pending.take(room);
      parts.push(part);
      room -= part.rows;
      this.#queuedRows -= part.rows;
      this.#dequeue(pending);
      if (pending.waitingRows > 0) this.#enqueue(pending);
      if (room <= 0 || !head.isRowwise) break;
    }
    return parts;
  }

  async #serve(parts: readonly Part[]): Promise<void> {
    try {
      await this.#run(parts);
    } catch (error) {
      if (parts.length > 1 && mayBeOneRequestsFault(error)) await this.#serveOneByOne(parts);
      else for (const { pending } of parts) pending.fail(error);
    }
  }

  async #serveOneByOne(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      if (!part.pending.isSettled) await this.#serve([part]);
    }
  }

  async #run(parts: readonly Part[]): Promise<void> {
    const [first] = parts;
    if (!first) return;
    const { outputs: wanted, isRowwise } = first.pending.request;
    const begunMs = this.#clock.now();
    const outputs = await this.#runBatch(this.#feedsFor(parts), wanted);
    this.#measure(parts, begunMs);
    const { fixedRows } = this.#settings;
    const isWhole = parts.length === 1 && first.rows === first.pending.request.rows && fixedRows === undefined;
    if (isWhole || !isRowwise) first.pending.deliver(first, outputs);
    else deliverRows(parts, outputs, fixedRows ?? rowsOf(parts));
  }

  #measure(parts: readonly Part[], begunMs: number): void {
    const { maxConcurrentRuns = 1, runsAhead = false, onRun } = this.#settings;
    const endedMs = this.#clock.now();
    // A run begun ahead has waited for the one before it.
    const startedMs = runsAhead && maxConcurrentRuns === 1 ? Math.max(begunMs, this.#lastRunEndedMs) : begunMs;
    this.#lastRunEndedMs = endedMs;
    const runMs = endedMs - startedMs;
    const rows = rowsOf(parts);
    this.#throughput.record(rows, runMs);
    const waitMs = startedMs - (parts[0]?.pending.admittedMs ?? startedMs);
    onRun?.({ requests: parts.length, rows, runMs, waitMs });
    for (const { pending } of parts) pending.measured(startedMs, runMs);
  }

  #feedsFor(parts: readonly Part[]): NamedTensors {
    const pieces = parts.map(feedsOfPart);
    const [only] = pieces;
    const feeds = pieces.length === 1 && only ? only : concatFeeds(pieces);
    const { fixedRows } = this.#settings;
    if (fixedRows === undefined) return feeds;
    return new Map([...feeds].map(([name, tensor]) => [name, padRows(tensor, fixedRows)]));
  }
}

function canShareRun(a: BatchRequest, b: BatchRequest): boolean {
  return a.isRowwise && b.isRowwise && isSameList(a.outputs, b.outputs) && isConcatenable(a.feeds, b.feeds);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]));
}

/** An answer that is the same whatever the values were (overloaded, not ready, too late) is not worth asking for again. */
function mayBeOneRequestsFault(error: unknown): boolean {
  return !(error instanceof RequestError) || error.code === 'InvalidInput' || error.code === 'InferenceFailed';
}

function rowsOf(parts: readonly Part[]): number {
  let rows = 0;
  for (const part of parts) rows += part.rows;
  return rows;
}

/** Gives every part its rows of a run's outputs, which have `runRows` each. @throws RequestError InferenceFailed when they do not */
function deliverRows(parts: readonly Part[], outputs: NamedTensors, runRows: number): void {
  for (const [name, { shape }] of outputs) {
    if (shape[0] !== runRows) {
      throw new RequestError('InferenceFailed', `output "${name}" has shape [${shape.join(',')}] for ${runRows} rows`);
    }
  }
  let start = 0;
  for (const part of parts) {
    part.pending.deliver(part, sliceNamed(outputs, start, part.rows));
    start += part.rows;
  }
}
