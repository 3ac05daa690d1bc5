import type { KubernetesObject } from '@kubernetes/client-node';
import { isAtomicMap, isRecord, itemIdentity } from './merged-lists.ts';

/** A difference between an object that should be and the one that is. */
export interface Drift {
  /** The field, as kubectl would spell it: `spec.template.spec.containers[runtime].image`. */
  readonly field: string;
  /** Everything below `field` as it should be, and as it is. */
  readonly desired: unknown;
  readonly live: unknown;
}

/**
 * Finds the fields that `desired` sets and `live` has otherwise. Fields that only `live` has belong to others: defaults,
 * injected containers, annotations of tools; not so keys of maps that are one value, such as a Service's selector.
 */
export function findDrift(desired: KubernetesObject, live: KubernetesObject): Iterable<Drift> {
  return compare(desired, live, '');
}

/** Whether `live` lacks anything that `desired` sets; of whole objects or of values inside them. */
export function hasDrift(desired: unknown, live: unknown): boolean {
  return compare(desired, live, '').next().done !== true;
}

function* compare(desired: unknown, live: unknown, field: string): Generator<Drift> {
  if (desired === undefined || Object.is(desired, live)) return;
  if (Array.isArray(desired) && Array.isArray(live)) yield* compareLists(desired, live, field);
  else if (isRecord(desired) && isRecord(live)) yield* compareRecords(desired, live, field);
  else yield { field, desired, live };
}

function* compareRecords(
  desired: Readonly<Record<string, unknown>>,
  live: Readonly<Record<string, unknown>>,
  field: string,
): Generator<Drift> {
  for (const name in desired) yield* compare(desired[name], live[name], pathOf(field, name));
  if (!isAtomicMap(lastName(field))) return;
  for (const name in live) {
    if (!(name in desired)) yield { field: pathOf(field, name), desired: undefined, live: live[name] };
  }
}

function* compareLists(desired: readonly unknown[], live: readonly unknown[], field: string): Generator<Drift> {
  const identify = itemIdentity(lastName(field));
  if (!identify && desired.length !== live.length) {
    yield { field, desired, live };
    return;
  }
  const liveItems = identify && new Map(live.map((item) => [identify(item), item]));
  for (const [index, item] of desired.entries()) {
    const id = identify?.(item);
    const liveItem = id === undefined ? live[index] : liveItems?.get(id);
    yield* compare(item, liveItem, `${field}[${id ?? index}]`);
  }
}

function lastName(field: string): string {
  return field.slice(field.lastIndexOf('.') + 1);
}

/** Keys with dots, as annotations and labels have them, go into brackets. */
function pathOf(field: string, name: string): string {
  if (/[./]/.test(name)) return `${field}[${name}]`;
  return field === '' ? name : `${field}.${name}`;
}
