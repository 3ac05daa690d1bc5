import { mayJoin, type FollowedPath } from './followed-path.ts';

/** Paths of one bucket; the first is the one that is due. */
export type Group = readonly [FollowedPath, ...FollowedPath[]];

/** Where asking together was in vain, paths are asked one by one for this long, or until there are so many times more. */
const VAIN_MS = 10 * 60_000;
const VAIN_GROWTH = 1.5;

/** Which paths to ask together. */
export class BucketGroups {
  readonly #buckets = new Map<string, Set<FollowedPath>>();
  /** By bucket: how many were asked together in vain. */
  readonly #vain = new Map<string, { readonly size: number; readonly untilMs: number }>();

  add(followed: FollowedPath): void {
    const ofBucket = this.#buckets.get(followed.bucket) ?? new Set();
    this.#buckets.set(followed.bucket, ofBucket.add(followed));
  }

  delete(followed: FollowedPath): void {
    const ofBucket = this.#buckets.get(followed.bucket);
    ofBucket?.delete(followed);
    if (ofBucket?.size !== 0) return;
    this.#buckets.delete(followed.bucket);
    this.#vain.delete(followed.bucket);
  }

  /** The path that is due, and those that may be asked with it. */
  groupOf(due: FollowedPath, nowMs: number): Group {
    const others = [...(this.#buckets.get(due.bucket) ?? [])].filter((one) => mayJoin(one, due, nowMs));
    const vain = this.#vain.get(due.bucket);
    const isVain = vain !== undefined && nowMs < vain.untilMs && 1 + others.length < VAIN_GROWTH * vain.size;
    return isVain ? [due] : [due, ...others];
  }

  /** One question for all of them would cost more, or cannot be put. */
  wasInVain([due, ...others]: Group, nowMs: number): void {
    this.#vain.set(due.bucket, { size: 1 + others.length, untilMs: nowMs + VAIN_MS });
  }
}
