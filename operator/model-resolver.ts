import { StorageError, type ModelStat, type ModelStore } from '../storage/model-store.ts';
import type { ModelResolution } from './api/resolution.ts';
import { BucketGroups, type Group } from './bucket-groups.ts';
import type { Clock } from './clock.ts';
import type { Key } from './cluster/client.ts';
import {
  EARLIEST,
  followPath,
  hasSettled,
  idOf,
  isDueLaterThan,
  noteFailure,
  pollIntervalMs,
  SETTLE_MS,
  type FollowedPath,
  type Subscription,
} from './followed-path.ts';
import { answerUnasked, asFailure, pending } from './resolution-failure.ts';
import { StorageQuestions } from './storage-questions.ts';

/** What a ModelDeployment wants to know of storage. */
export interface ModelQuery {
  /** spec.model.path */
  readonly path: string;
  /** Exactly this generation; undefined: the newest, and tell when there is a newer one. */
  readonly generation: string | undefined;
  /** Any change of it asks again at once. */
  readonly resolveNow: string | undefined;
  /** A newer generation is noticed within this time; undefined: the operator's default. */
  readonly pollIntervalMs: number | undefined;
  /**
   * What an operator before this one was told, asked for where storage has not answered yet. For this object it counts until the first poll, some
   * seconds later, which asks for a whole bucket together.
   */
  readonly lastKnown?: (() => ModelResolution | undefined) | undefined;
}

export interface ModelResolverOptions {
  readonly store: Pick<ModelStore, 'stat' | 'statTogether'>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Of objects that do not say otherwise. */
  readonly pollIntervalMs: number;
  /** The answer for this key is another than before. */
  readonly onChange: (key: Key) => void;
  /** Told how every question about a path ended: `resolved`, or the reason it failed for. */
  readonly onAsked?: (outcome: string) => void;
}

/** How long a pass waits for the first answer; after that it goes on without, and is called again. */
const PATIENCE_MS = 2_000;
/** When what an operator before this one knew is looked up: late enough for all objects of a bucket to be known by then. */
const CHECK_LAST_KNOWN_MS = 5_000;
/** Timers count in whole milliseconds, and may be early by a part of one. */
const TIMER_GRAIN_MS = 1;

/**
 * Asks storage which generation a path has, once for all objects that name it, again every poll interval, and says when the
 * answer changes. A pass never waits long, whatever storage does.
 */
export class ModelResolver {
  readonly #options: ModelResolverOptions;
  readonly #questions: StorageQuestions;
  readonly #followed = new Map<string, FollowedPath>();
  readonly #subscriptions = new Map<Key, Subscription>();
  /** Keys whose pass waits for an answer: it needs no call. */
  readonly #waiting = new Set<Key>();
  /** Paths with a question under way or waiting for its turn. */
  readonly #asking = new Set<FollowedPath>();
  readonly #groups = new BucketGroups();
  /** One timer for all paths: thousands of their own would take memory, and be set anew after each poll. Times as `elapsed` counts them. */
  #look = { atMs: Infinity, cancel: () => {} };
  #isStopped = false;

  constructor(options: ModelResolverOptions) {
    this.#options = options;
    this.#questions = new StorageQuestions(options.store, options.clock);
  }

  /** What storage says, or what it said last while it does not answer. Never rejects. */
  async resolve(key: Key, query: ModelQuery): Promise<ModelResolution> {
    const unasked = answerUnasked(query.path);
    if (unasked) {
      this.forget(key);
      return unasked;
    }
    const followed = this.#subscribe(key, query);
    await this.#waitForAnswer(key, followed);
    return followed.answer ?? pending(`Asking storage for ${followed.path}.`);
  }

  /** The object is gone, or does not need storage any more. */
  forget(key: Key): void {
    const subscription = this.#subscriptions.get(key);
    if (!subscription) return;
    const { followed } = subscription;
    this.#subscriptions.delete(key);
    followed.subscriptions = followed.subscriptions.toSpliced(followed.subscriptions.indexOf(subscription), 1);
    if (followed.subscriptions.length > 0) return;
    this.#followed.delete(idOf(followed));
    this.#groups.delete(followed);
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    this.#look.cancel();
  }

  #subscribe(key: Key, query: ModelQuery): FollowedPath {
    const { path, generation, resolveNow, pollIntervalMs = this.#options.pollIntervalMs } = query;
    const id = idOf({ path, generation });
    const before = this.#subscriptions.get(key);
    if (before && idOf(before.followed) !== id) this.forget(key);
    const known = this.#subscriptions.get(key);
    const isNews = known !== undefined && known.resolveNow !== resolveNow;
    const { followed } = Object.assign(known ?? this.#addSubscription(key, id, query), { resolveNow, pollIntervalMs });
    if (isNews) this.#askAnew(followed);
    else if (!this.#hasAnswerFor(followed, query)) this.#answerFirst(followed, query);
    else if (isDueLaterThan(followed, this.#options.clock.elapsed() + pollIntervalMs))
      this.#pollIn(followed, pollIntervalMs);
    return followed;
  }

  #addSubscription(key: Key, id: string, { path, generation }: ModelQuery): Subscription {
    const followed = this.#followed.get(id) ?? this.#follow(id, followPath(path, generation));
    const subscription = { key, followed, resolveNow: undefined, pollIntervalMs: Infinity };
    followed.subscriptions = followed.subscriptions.concat(subscription);
    this.#subscriptions.set(key, subscription);
    return subscription;
  }

  #askAnew(followed: FollowedPath): void {
    if (followed.asking) followed.isAskedAgain = true;
    this.#ask(followed);
  }

  /** What an operator before this one was told of one object holds for another only if that was told the same. */
  #hasAnswerFor({ answer, isUnproven }: FollowedPath, { lastKnown }: ModelQuery): boolean {
    return isUnproven ? isSameModel(answer, lastKnown?.()) : answer !== undefined;
  }

  #answerFirst(followed: FollowedPath, { lastKnown }: ModelQuery): void {
    const known = followed.asking || followed.isUnproven ? undefined : lastKnown?.();
    followed.answer = known;
    if (!known) return this.#ask(followed);
    followed.isUnproven = true;
    this.#pollIn(followed, Math.min(pollIntervalMs(followed), CHECK_LAST_KNOWN_MS));
  }

  #follow(id: string, followed: FollowedPath): FollowedPath {
    this.#followed.set(id, followed);
    this.#groups.add(followed);
    return followed;
  }

  /** Waits for the question under way, unless storage is slow anyway or there was an answer before. */
  async #waitForAnswer(key: Key, { asking }: FollowedPath): Promise<void> {
    if (!asking || this.#isSlow()) return;
    const patience = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(PATIENCE_MS, patience.resolve);
    this.#waiting.add(key);
    await Promise.race([asking.done, patience.promise]);
    this.#waiting.delete(key);
    cancel();
  }

  /** Some question has been open for long: workers must not queue up behind storage. */
  #isSlow(): boolean {
    const now = this.#options.clock.now();
    for (const { asking } of this.#asking) {
      if (asking && now - asking.sinceMs >= PATIENCE_MS) return true;
    }
    return false;
  }

  #ask(followed: FollowedPath): void {
    if (followed.asking || this.#isStopped) return;
    this.#beginQuestion(followed, this.#takeAnswer(followed));
  }

  async #takeAnswer(followed: FollowedPath): Promise<void> {
    const take = await this.#questions.ask(followed).then(
      (stat) => () => this.#onStat(followed, stat),
      (error: unknown) => () => this.#onFailure(followed, error),
    );
    this.#endQuestion(followed, take);
  }

  /** Time is up for one path: others of the bucket are asked with it where one listing costs less than a question for each. */
  #poll(followed: FollowedPath): void {
    const group = this.#groups.groupOf(followed, this.#options.clock.elapsed());
    if (followed.asking || this.#isStopped || group.length < 2) this.#ask(followed);
    else this.#askTogether(group);
  }

  #askTogether(group: Group): void {
    const done = this.#takeAnswers(group);
    for (const one of group) this.#beginQuestion(one, done);
  }

  async #takeAnswers(group: Group): Promise<void> {
    const { clock } = this.#options;
    const wereDueAtMs = group.map((one) => one.dueAtMs);
    const answers = await this.#questions.askTogether(group.map(({ path }) => path));
    const nowMs = clock.elapsed();
    if (!answers) this.#groups.wasInVain(group, nowMs);
    for (const [index, one] of group.entries()) {
      const answer = answers?.[index];
      const dueInMs = Math.max(0, (wereDueAtMs[index] ?? nowMs) - nowMs);
      this.#endQuestion(one, () => {
        if (answer === undefined) this.#askIn(one, dueInMs);
        else if (answer instanceof StorageError) this.#onFailure(one, answer);
        else this.#onStat(one, answer);
      });
    }
  }

  #beginQuestion(followed: FollowedPath, done: Promise<void>): void {
    followed.dueAtMs = Infinity;
    followed.isAskedAgain = false;
    this.#asking.add(followed);
    followed.asking = { done, sinceMs: this.#options.clock.now() };
  }

  #endQuestion(followed: FollowedPath, take: () => void): void {
    this.#asking.delete(followed);
    followed.asking = undefined;
    take();
    if (followed.isAskedAgain) this.#ask(followed);
  }

  #onStat(followed: FollowedPath, stat: ModelStat): void {
    const nowMs = this.#options.clock.now();
    followed.failuresInARow = 0;
    followed.isUnproven = false;
    this.#options.onAsked?.('resolved');
    if (!hasSettled(followed, stat, nowMs)) {
      if (followed.answer?.kind !== 'resolved') {
        const message = `${followed.path} is still being written: it counts when it has not changed for ${SETTLE_MS / 1_000} seconds.`;
        this.#setAnswer(followed, pending(message));
      }
      // The earliest moment of the jitter is still late enough.
      this.#pollIn(followed, SETTLE_MS / EARLIEST);
      return;
    }
    const { generation, sizeBytes } = stat;
    if (followed.answer?.kind !== 'resolved' || followed.answer.generation !== generation) {
      const resolvedAt = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
      this.#setAnswer(followed, { kind: 'resolved', generation, sizeBytes, resolvedAt });
    }
    // One generation never changes.
    if (followed.generation === undefined) this.#pollIn(followed, pollIntervalMs(followed));
  }

  #onFailure(followed: FollowedPath, error: unknown): void {
    const { clock, onAsked } = this.#options;
    const failure = asFailure(error, followed.path);
    onAsked?.(failure.reason);
    const { keepsAnswer, retryInMs } = noteFailure(followed, failure, clock.now());
    if (!keepsAnswer) this.#setAnswer(followed, failure);
    this.#pollIn(followed, retryInMs);
  }

  #setAnswer(followed: FollowedPath, answer: ModelResolution): void {
    const isSame = JSON.stringify(followed.answer) === JSON.stringify(answer);
    followed.answer = answer;
    followed.isUnproven = false;
    if (isSame) return;
    for (const { key } of followed.subscriptions) {
      if (!this.#waiting.has(key)) this.#options.onChange(key);
    }
  }

  /** Earlier by up to a fifth, so that thousands of objects do not ask in step. */
  #pollIn(followed: FollowedPath, delayMs: number): void {
    this.#askIn(followed, delayMs * (EARLIEST + (1 - EARLIEST) * this.#options.random()));
  }

  #askIn(followed: FollowedPath, afterMs: number): void {
    if (followed.subscriptions.length === 0) return;
    if (afterMs === 0) return this.#poll(followed);
    followed.dueAtMs = this.#options.clock.elapsed() + afterMs;
    this.#lookAt(followed.dueAtMs);
  }

  /** Looks for paths that are due at that time, or earlier if that was asked for before. */
  #lookAt(atMs: number): void {
    if (atMs >= this.#look.atMs || this.#isStopped) return;
    const { clock } = this.#options;
    this.#look.cancel();
    this.#look = { atMs, cancel: clock.after(Math.max(0, atMs - clock.elapsed()), () => this.#pollWhatIsDue()) };
  }

  #pollWhatIsDue(): void {
    const nowMs = this.#options.clock.elapsed();
    this.#look.atMs = Infinity;
    let nextMs = Infinity;
    for (const followed of this.#followed.values()) {
      if (followed.dueAtMs <= nowMs + TIMER_GRAIN_MS) this.#poll(followed);
      nextMs = Math.min(nextMs, followed.dueAtMs);
    }
    if (nextMs !== Infinity) this.#lookAt(nextMs);
  }
}

function isSameModel(one: ModelResolution | undefined, other: ModelResolution | undefined): boolean {
  return one?.kind === 'resolved' && other?.kind === 'resolved' && one.generation === other.generation;
}
