import type { Clock } from './clock.ts';

/** What a run says about when its key is due again. */
export type Outcome =
  /** Until the next add. */
  | { readonly kind: 'done' }
  /** All is well, look again then. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** It failed: again after a backoff that doubles with every failure in a row, and not before `notBeforeMs`. */
  | { readonly kind: 'retry'; readonly notBeforeMs?: number | undefined };

export interface WorkQueueOptions<Key extends string> {
  /** One pass for one key. Must not throw; a rejection counts as `retry`. */
  readonly run: (key: Key) => Promise<Outcome>;
  /** Keys run at once, at least 1. */
  readonly workers: number;
  readonly clock: Clock;
  /** Keys of one lane are first in, first out; lanes take turns, so a storm in one does not starve the others. */
  readonly laneOf?: (key: Key) => string;
  /**
   * A key rests so long after a run that went well; what is added meanwhile becomes one run at the end of it. Default 0. An event
   * seldom comes alone: a rollout has half a dozen for one object within milliseconds.
   */
  readonly restMs?: number;
  /** First delay after a failure; default 10 ms. */
  readonly backoffBaseMs?: number;
  /** Longest delay after a failure; default 60 s. */
  readonly backoffCapMs?: number;
  /** In [0, 1); default Math.random. */
  readonly random?: () => number;
}

/** Nothing to do until something changes. */
export const DONE: Outcome = { kind: 'done' };
const RETRY: Outcome = { kind: 'retry' };

/**
 * Keys that are due, each at most once, run by at most `workers` at a time and never twice at once.
 * A key added while it runs is run once more afterwards, so no change is missed.
 */
export class WorkQueue<Key extends string> {
  readonly #run: (key: Key) => Promise<Outcome>;
  readonly #workers: number;
  readonly #clock: Clock;
  readonly #laneOf: (key: Key) => string;
  readonly #restMs: number;
  readonly #backoffBaseMs: number;
  readonly #backoffCapMs: number;
  readonly #random: () => number;
  /** Due keys by lane. A Map keeps order: the first lane is next, and goes to the end when it had its turn. No lane is empty. */
  readonly #lanes = new Map<string, Set<Key>>();
  readonly #running = new Set<Key>();
  /** Keys added while they run. */
  readonly #addedWhileRunning = new Set<Key>();
  /** Keys that rest, and whether they were added meanwhile. */
  readonly #resting = new Map<Key, boolean>();
  /** At most one timer a key: the earliest that was asked for. */
  readonly #timers = new Map<Key, { dueAt: number; cancel: () => void }>();
  /** Failures in a row; absent for a key whose last run went well. */
  readonly #failures = new Map<Key, number>();
  #state: 'waiting' | 'started' | 'stopped' = 'waiting';
  #onIdle: (() => void) | undefined;

  constructor(options: WorkQueueOptions<Key>) {
    if (!(options.workers >= 1)) throw new RangeError(`workers: expected at least 1, got ${options.workers}`);
    this.#run = options.run;
    this.#workers = options.workers;
    this.#clock = options.clock;
    this.#laneOf = options.laneOf ?? (() => '');
    this.#restMs = options.restMs ?? 0;
    this.#backoffBaseMs = options.backoffBaseMs ?? 10;
    this.#backoffCapMs = options.backoffCapMs ?? 60_000;
    this.#random = options.random ?? Math.random;
  }

  /** Keys that are due and wait for a worker, or for the end of their rest. */
  get depth(): number {
    let depth = 0;
    for (const lane of this.#lanes.values()) depth += lane.size;
    for (const isDue of this.#resting.values()) if (isDue) depth += 1;
    return depth;
  }

  /** Keys that run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Makes the key due now. */
  add(key: Key): void {
    if (this.#state === 'stopped') return;
    if (this.#running.has(key)) {
      this.#addedWhileRunning.add(key);
      return;
    }
    if (this.#resting.has(key)) {
      this.#resting.set(key, true);
      return;
    }
    const lane = this.#laneOf(key);
    const keys = this.#lanes.get(lane);
    if (keys) keys.add(key);
    else this.#lanes.set(lane, new Set([key]));
    this.#startRuns();
  }

  /** Makes the key due in `delayMs`, or earlier if that was asked for before. A run in between takes its place. */
  addAfter(key: Key, delayMs: number): void {
    if (this.#state === 'stopped') return;
    const dueAt = this.#clock.elapsed() + delayMs;
    const earlier = this.#timers.get(key);
    if (earlier && earlier.dueAt <= dueAt) return;
    earlier?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueAt, cancel });
  }

  /** Makes every key due now that waits after a failure: what made them fail is over. */
  retryNow(): void {
    for (const key of this.#failures.keys()) {
      const timer = this.#timers.get(key);
      if (!timer) continue;
      timer.cancel();
      this.#timers.delete(key);
      this.add(key);
    }
  }

  /** Begins to run what was added. Before that keys only gather. */
  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'started';
    this.#startRuns();
  }

  /** Starts no further run and resolves once those under way have ended. */
  async drain(): Promise<void> {
    this.#state = 'stopped';
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#lanes.clear();
    this.#addedWhileRunning.clear();
    this.#resting.clear();
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    await promise;
  }

  #startRuns(): void {
    while (this.#state === 'started' && this.#running.size < this.#workers) {
      const key = this.#takeNext();
      if (key === undefined) return;
      void this.#runOnce(key);
    }
  }

  #takeNext(): Key | undefined {
    for (const [lane, keys] of this.#lanes) {
      this.#lanes.delete(lane);
      for (const key of keys) {
        keys.delete(key);
        if (keys.size > 0) this.#lanes.set(lane, keys);
        return key;
      }
    }
    return undefined;
  }

  async #runOnce(key: Key): Promise<void> {
    this.#running.add(key);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    const outcome = await this.#run(key).catch(() => RETRY);
    this.#running.delete(key);
    this.#settle(key, outcome);
    if (this.#running.size === 0) this.#onIdle?.();
    this.#startRuns();
  }

  #settle(key: Key, outcome: Outcome): void {
    const addedMeanwhile = this.#addedWhileRunning.delete(key);
    if (outcome.kind === 'retry') {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.addAfter(key, Math.max(this.#backoffMs(failures), outcome.notBeforeMs ?? 0));
    } else {
      this.#failures.delete(key);
      this.#rest(key);
      if (outcome.kind === 'requeue') this.addAfter(key, outcome.afterMs);
    }
    if (addedMeanwhile) this.add(key);
  }

  #rest(key: Key): void {
    if (this.#restMs === 0 || this.#state === 'stopped') return;
    this.#resting.set(key, false);
    this.#clock.after(this.#restMs, () => {
      const isDue = this.#resting.get(key);
      this.#resting.delete(key);
      if (isDue) this.add(key);
    });
  }

  /** base * 2^(failures - 1), capped, of which the upper half is random: keys that failed together do not return together. */
  #backoffMs(failures: number): number {
    const fullMs = Math.min(this.#backoffCapMs, this.#backoffBaseMs * 2 ** (failures - 1));
    return fullMs * (0.5 + 0.5 * this.#random());
  }
}
