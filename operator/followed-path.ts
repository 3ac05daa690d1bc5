import { parseModelPath } from '../storage/model-path.ts';
import type { ModelStat } from '../storage/model-store.ts';
import type { ModelResolution } from './api/resolution.ts';
import type { Key } from './cluster/client.ts';
import { isPassing } from './resolution-failure.ts';

/** What one object wants of a path that several may share. */
export interface Subscription {
  readonly key: Key;
  readonly followed: FollowedPath;
  /** Any change of it asks again at once. */
  resolveNow: string | undefined;
  /** A newer generation is to be noticed within this time. */
  pollIntervalMs: number;
}

/** Everything known of one path (and generation), shared by all objects that name it. */
export interface FollowedPath {
  readonly path: string;
  readonly generation: string | undefined;
  readonly bucket: string;
  /** Mostly one, for which a Map, or a list with spare room, takes 200 bytes. */
  subscriptions: readonly Subscription[];
  /** undefined: storage has not answered yet. */
  answer: ModelResolution | undefined;
  /** The answer is only what an operator before this one was told, of one object. */
  isUnproven: boolean;
  asking: { readonly done: Promise<void>; readonly sinceMs: number } | undefined;
  /** Somebody wants to know what is true after the question under way began. */
  isAskedAgain: boolean;
  /** Of several files that changed a moment ago: what was seen, and since when. */
  unsettled: { readonly seen: string; readonly sinceMs: number } | undefined;
  failuresInARow: number;
  failingSinceMs: number;
  /** When it is asked next, as the clock's `elapsed` counts; Infinity: not by itself. */
  dueAtMs: number;
}

/** An upload of several files counts as whole when nothing has changed for this long. */
export const SETTLE_MS = 5_000;
/** Questions come early by up to a fifth of their delay. */
export const EARLIEST = 0.8;

const RETRY_BASE_MS = 1_000;
/** Storage may fail this long before an answer that it gave is given up. */
const GRACE_MS = 60_000;

/** @param path one that storage can be asked about */
export function followPath(path: string, generation: string | undefined): FollowedPath {
  const parsed = parseModelPath(path);
  return {
    path,
    generation,
    bucket: 'bucket' in parsed ? parsed.bucket : '',
    subscriptions: [],
    answer: undefined,
    isUnproven: false,
    asking: undefined,
    isAskedAgain: false,
    unsettled: undefined,
    failuresInARow: 0,
    failingSinceMs: 0,
    dueAtMs: Infinity,
  };
}

/** The same for the same path and generation. */
export function idOf({ path, generation }: Pick<FollowedPath, 'path' | 'generation'>): string {
  return `${path}#${generation ?? ''}`;
}

/** The shortest that any of its objects asks for. */
export function pollIntervalMs({ subscriptions }: FollowedPath): number {
  let shortestMs = Infinity;
  for (const subscription of subscriptions) shortestMs = Math.min(shortestMs, subscription.pollIntervalMs);
  return shortestMs;
}

/** Whether it is polled, and next after that time. */
export function isDueLaterThan({ dueAtMs }: FollowedPath, timeMs: number): boolean {
  return dueAtMs !== Infinity && dueAtMs > timeMs;
}

/** Whether it may be asked together with one that is due now: it has the same rhythm, or would be asked soon anyway. */
export function mayJoin(followed: FollowedPath, due: FollowedPath, nowMs: number): boolean {
  const { asking, generation, dueAtMs } = followed;
  if (followed === due || asking || generation !== undefined || dueAtMs === Infinity) return false;
  const intervalMs = pollIntervalMs(followed);
  return intervalMs === pollIntervalMs(due) || dueAtMs - nowMs <= (1 - EARLIEST) * intervalMs;
}

/**
 * Whether an upload is whole. Several files are uploaded one after another; their newest generation, which is the time of its upload in
 * microseconds, tells when; where it does not lie in the past for long enough, the same must be seen twice. Remembers what it sees.
 */
export function hasSettled(followed: FollowedPath, { files, generation }: ModelStat, nowMs: number): boolean {
  if (files.length < 2 || followed.generation !== undefined) return true;
  if (followed.answer?.kind === 'resolved' && followed.answer.generation === generation) return true;
  const seen = files.map((file) => `${file.name}#${file.generation}`).join('\n');
  if (nowMs - Number(generation) / 1_000 >= SETTLE_MS) return true;
  if (followed.unsettled?.seen !== seen) followed.unsettled = { seen, sinceMs: nowMs };
  return nowMs - followed.unsettled.sinceMs >= SETTLE_MS;
}

/**
 * Takes down that a question failed.
 * @returns whether the answer before still counts, and after how long to ask again
 */
export function noteFailure(
  followed: FollowedPath,
  failure: ModelResolution,
  nowMs: number,
): { readonly keepsAnswer: boolean; readonly retryInMs: number } {
  if (followed.failuresInARow === 0) followed.failingSinceMs = nowMs;
  followed.failuresInARow += 1;
  const hadAnswer = followed.answer !== undefined && !isPassing(followed.answer);
  const backoffMs = RETRY_BASE_MS * 2 ** Math.min(20, followed.failuresInARow - 1);
  return {
    keepsAnswer: hadAnswer && isPassing(failure) && nowMs - followed.failingSinceMs < GRACE_MS,
    retryInMs: Math.min(pollIntervalMs(followed), backoffMs),
  };
}
