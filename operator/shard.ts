import type { Key } from './cluster/client.ts';

/** One of several operators that share the ModelDeployments of a cluster. */
export interface Shard {
  /** 1 to `count`. */
  readonly index: number;
  readonly count: number;
}

/** All by itself. */
export const WHOLE: Shard = { index: 1, count: 1 };

/** Whether that ModelDeployment is this shard's. Spread evenly by a hash of namespace and name, so every key has one shard. */
export function isInShard(key: Key, { index, count }: Shard): boolean {
  return count === 1 || hash(key) % count === index - 1;
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/. Shards of all versions must agree on it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
