import { parseModelPath } from '../storage/model-path.ts';
import type { ModelStat, ModelStore } from '../storage/model-store.ts';
import type { ModelResolution } from './api/resolution.ts';
import type { Clock } from './clock.ts';
import type { Key } from './cluster/client.ts';
import { answerUnasked, asFailure, isPassing, pending } from './resolution-failure.ts';

/** What a ModelDeployment wants to know of storage. */
export interface ModelQuery {
  /** spec.model.path */
  readonly path: string;
  /** Exactly this generation; undefined: the newest, and tell when there is a newer one. */
  readonly generation: string | undefined;
  /** Any change of it asks again at once. */
  readonly resolveNow: string | undefined;
}

export interface ModelResolverOptions {
  readonly store: Pick<ModelStore, 'stat'>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** A newer generation is noticed within this time. */
  readonly pollIntervalMs: number;
  /** The answer for this key is another than before. */
  readonly onChange: (key: Key) => void;
  /** Told how every question to storage ended: `resolved`, or the reason it failed for. */
  readonly onAsked?: (outcome: string) => void;
}

/** Everything known of one path (and generation), shared by all objects that name it. */
interface Entry {
  readonly path: string;
  readonly generation: string | undefined;
  /** Keys that want it, with the `resolveNow` they came with. */
  readonly keys: Map<Key, string | undefined>;
  /** undefined: storage has not answered yet. */
  answer: ModelResolution | undefined;
  asking: { readonly done: Promise<void>; readonly sinceMs: number } | undefined;
  /** Of several files that changed a moment ago: what was seen, and since when. */
  unsettled: { readonly seen: string; readonly sinceMs: number } | undefined;
  failuresInARow: number;
  failingSinceMs: number;
  cancelTimer: () => void;
}

/** A question that takes longer counts as failed. */
const ASK_TIMEOUT_MS = 10_000;
/** How long a pass waits for the first answer; after that it goes on without, and is called again. */
const PATIENCE_MS = 2_000;
/** Questions under way at once. */
const MAX_ASKING = 32;
const RETRY_BASE_MS = 1_000;
/** An upload of several files counts as whole when nothing has changed for this long. */
export const SETTLE_MS = 5_000;
/** Questions come early by up to a fifth of their delay. */
const EARLIEST = 0.8;
/** Storage may fail this long before an answer that it gave is given up. */
const GRACE_MS = 60_000;

/**
 * Asks storage which generation a path has, once for all objects that name it, again every poll interval, and says when the
 * answer changes. A pass never waits long, whatever storage does.
 */
export class ModelResolver {
  readonly #options: ModelResolverOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #entryOfKey = new Map<Key, Entry>();
  /** Keys whose pass waits for an answer: it needs no call. */
  readonly #waiting = new Set<Key>();
  /** Entries with a question under way or waiting for its turn. */
  readonly #askingEntries = new Set<Entry>();
  readonly #turns: (() => void)[] = [];
  #openQuestions = 0;
  #isStopped = false;

  constructor(options: ModelResolverOptions) {
    this.#options = options;
  }

  /** What storage says, or what it said last while it does not answer. Never rejects. */
  async resolve(key: Key, query: ModelQuery): Promise<ModelResolution> {
    const unasked = answerUnasked(query.path);
    if (unasked) {
      this.forget(key);
      return unasked;
    }
    const entry = this.#subscribe(key, query);
    await this.#waitForAnswer(key, entry);
    return entry.answer ?? pending(`Asking storage for ${entry.path}.`);
  }

  /** The object is gone, or does not need storage any more. */
  forget(key: Key): void {
    const entry = this.#entryOfKey.get(key);
    if (!entry) return;
    this.#entryOfKey.delete(key);
    entry.keys.delete(key);
    if (entry.keys.size > 0) return;
    entry.cancelTimer();
    this.#entries.delete(idOf(entry));
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    for (const entry of this.#entries.values()) entry.cancelTimer();
  }

  #subscribe(key: Key, { path, generation, resolveNow }: ModelQuery): Entry {
    const id = idOf({ path, generation });
    const before = this.#entryOfKey.get(key);
    if (before && idOf(before) !== id) this.forget(key);
    const entry = this.#entries.get(id) ?? newEntry(path, generation);
    const isNews = entry.keys.has(key) && entry.keys.get(key) !== resolveNow;
    entry.keys.set(key, resolveNow);
    this.#entries.set(id, entry);
    this.#entryOfKey.set(key, entry);
    if (!entry.answer || isNews) this.#ask(entry);
    return entry;
  }

  /** Waits for the question under way, unless storage is slow anyway or there was an answer before. */
  async #waitForAnswer(key: Key, entry: Entry): Promise<void> {
    const { clock } = this.#options;
    const { asking } = entry;
    if (!asking || this.#isSlow()) return;
    const patience = Promise.withResolvers<void>();
    const cancel = clock.after(PATIENCE_MS, patience.resolve);
    this.#waiting.add(key);
    await Promise.race([asking.done, patience.promise]);
    this.#waiting.delete(key);
    cancel();
  }

  /** Some question has been open for long: workers must not queue up behind storage. */
  #isSlow(): boolean {
    const now = this.#options.clock.now();
    for (const { asking } of this.#askingEntries) {
      if (asking && now - asking.sinceMs >= PATIENCE_MS) return true;
    }
    return false;
  }

  #ask(entry: Entry): void {
    if (entry.asking || this.#isStopped) return;
    entry.cancelTimer();
    this.#askingEntries.add(entry);
    entry.asking = { done: this.#askInTurn(entry), sinceMs: this.#options.clock.now() };
  }

  async #askInTurn(entry: Entry): Promise<void> {
    if (this.#openQuestions >= MAX_ASKING) await new Promise<void>((resolve) => this.#turns.push(resolve));
    this.#openQuestions += 1;
    const answered = await this.#stat(entry).then(
      (stat) => () => this.#onStat(entry, stat),
      (error: unknown) => () => this.#onFailure(entry, error),
    );
    this.#openQuestions -= 1;
    this.#turns.shift()?.();
    this.#askingEntries.delete(entry);
    entry.asking = undefined;
    answered();
  }

  /** @throws StorageError, or TimeoutError when storage takes too long */
  async #stat({ path, generation }: Entry): Promise<ModelStat> {
    const { store, clock } = this.#options;
    const aborter = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(ASK_TIMEOUT_MS, () => {
      const error = new DOMException(`no answer within ${ASK_TIMEOUT_MS / 1_000} s`, 'TimeoutError');
      aborter.abort(error);
      // A store that does not heed the signal must not hold the question open.
      late.reject(error);
    });
    try {
      return await Promise.race([
        store.stat(parseModelPath(path), { generation, signal: aborter.signal }),
        late.promise,
      ]);
    } finally {
      cancel();
    }
  }

  #onStat(entry: Entry, stat: ModelStat): void {
    entry.failuresInARow = 0;
    this.#options.onAsked?.('resolved');
    if (!this.#isSettled(entry, stat)) {
      const seconds = SETTLE_MS / 1_000;
      if (entry.answer?.kind !== 'resolved') {
        const message = `${entry.path} is still being written: it counts when it has not changed for ${seconds} seconds.`;
        this.#setAnswer(entry, pending(message));
      }
      // The earliest moment of the jitter is still late enough.
      this.#askAgainIn(entry, SETTLE_MS / EARLIEST);
      return;
    }
    const { generation, sizeBytes } = stat;
    const resolvedAt = new Date(this.#options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    if (entry.answer?.kind !== 'resolved' || entry.answer.generation !== generation) {
      this.#setAnswer(entry, { kind: 'resolved', generation, sizeBytes, resolvedAt });
    }
    // One generation never changes.
    if (entry.generation === undefined) this.#askAgainIn(entry, this.#options.pollIntervalMs);
  }

  #onFailure(entry: Entry, error: unknown): void {
    const { clock, pollIntervalMs, onAsked } = this.#options;
    const failure = asFailure(error, entry.path);
    onAsked?.(failure.reason);
    if (entry.failuresInARow === 0) entry.failingSinceMs = clock.now();
    entry.failuresInARow += 1;
    const hadAnswer = entry.answer !== undefined && !isPassing(entry.answer);
    const keepsAnswer = hadAnswer && isPassing(failure) && clock.now() - entry.failingSinceMs < GRACE_MS;
    if (!keepsAnswer) this.#setAnswer(entry, failure);
    const backoffMs = RETRY_BASE_MS * 2 ** Math.min(20, entry.failuresInARow - 1);
    this.#askAgainIn(entry, Math.min(pollIntervalMs, backoffMs));
  }

  /**
   * Several files are uploaded one after another. Their newest generation, which is the time of its upload in microseconds,
   * tells when; where it does not lie in the past for long enough, the same must be seen twice.
   */
  #isSettled(entry: Entry, { files, generation }: ModelStat): boolean {
    if (files.length < 2 || entry.generation !== undefined) return true;
    if (entry.answer?.kind === 'resolved' && entry.answer.generation === generation) return true;
    const seen = files.map((file) => `${file.name}#${file.generation}`).join('\n');
    const nowMs = this.#options.clock.now();
    if (nowMs - Number(generation) / 1_000 >= SETTLE_MS) return true;
    if (entry.unsettled?.seen !== seen) entry.unsettled = { seen, sinceMs: nowMs };
    return nowMs - entry.unsettled.sinceMs >= SETTLE_MS;
  }

  #setAnswer(entry: Entry, answer: ModelResolution): void {
    const isSame = JSON.stringify(entry.answer) === JSON.stringify(answer);
    entry.answer = answer;
    if (isSame) return;
    for (const key of entry.keys.keys()) {
      if (!this.#waiting.has(key)) this.#options.onChange(key);
    }
  }

  /** Earlier by up to a fifth, so that thousands of objects do not ask in step. */
  #askAgainIn(entry: Entry, delayMs: number): void {
    if (entry.keys.size === 0 || this.#isStopped) return;
    entry.cancelTimer();
    entry.cancelTimer = this.#options.clock.after(
      delayMs * (EARLIEST + (1 - EARLIEST) * this.#options.random()),
      () => {
        this.#ask(entry);
      },
    );
  }
}

function newEntry(path: string, generation: string | undefined): Entry {
  return {
    path,
    generation,
    keys: new Map(),
    answer: undefined,
    asking: undefined,
    unsettled: undefined,
    failuresInARow: 0,
    failingSinceMs: 0,
    cancelTimer: () => {},
  };
}

function idOf({ path, generation }: Pick<Entry, 'path' | 'generation'>): string {
  return `${path}#${generation ?? ''}`;
}
