import type { KubernetesObject } from '@kubernetes/client-node';
import { hasDrift } from './drift.ts';
import { isRecord, itemIdentity, text } from './merged-lists.ts';

/** One step of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'replace';
  /** JSON pointer. */
  readonly path: string;
  readonly value: unknown;
}

/**
 * What server-side apply cannot do, because it leaves alone what others put into a merged list: when somebody gave our port
 * another number, apply adds ours beside it, and both have the same name. The operations put our items back as they should
 * be and remove items that use the name of one of ours; all other items stay.
 * @returns the innermost lists that differ; nothing where no merged list does
 */
export function repairLists(desired: KubernetesObject, live: KubernetesObject): PatchOperation[] {
  return repair(desired, live, { name: '', pointer: '' });
}

/** Where in the live object: the list's or field's name and its JSON pointer. */
interface Place {
  readonly name: string;
  readonly pointer: string;
}

function repair(desired: unknown, live: unknown, place: Place): PatchOperation[] {
  if (Array.isArray(desired) && Array.isArray(live)) return repairList(desired, live, place);
  if (!isRecord(desired) || !isRecord(live)) return [];
  return Object.entries(desired).flatMap(([name, value]) =>
    repair(value, live[name], {
      name,
      pointer: `${place.pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    }),
  );
}

function repairList(desired: readonly unknown[], live: readonly unknown[], { name, pointer }: Place): PatchOperation[] {
  const identify = itemIdentity(name);
  if (!identify) return [];
  const nested = desired.map((item) => {
    const index = live.findIndex((other) => identify(other) === identify(item));
    if (!hasDrift(item, live[index])) return [];
    const operations = repair(item, live[index], { name: '', pointer: `${pointer}/${index}` });
    // The difference is in the item itself, not in a list inside it.
    return operations.length > 0 ? operations : undefined;
  });
  if (nested.every((operations) => operations !== undefined)) return nested.flat();
  return [{ op: 'replace', path: pointer, value: mergeItems(desired, live, identify) }];
}

function mergeItems(
  desired: readonly unknown[],
  live: readonly unknown[],
  identify: (item: unknown) => string,
): unknown[] {
  const ids = new Set(desired.map(identify));
  const names = new Set(desired.map((item) => text(item, 'name')));
  return [...desired, ...live.filter((item) => !ids.has(identify(item)) && !names.has(text(item, 'name')))];
}
