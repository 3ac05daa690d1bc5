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
export function findDrift(desired: KubernetesObject, live: KubernetesObject): readonly Drift[] {
  return new Comparison().of(desired, live);
}

/** Whether `live` lacks anything that `desired` sets; of whole objects or of values inside them. */
export function hasDrift(desired: unknown, live: unknown): boolean {
  return new Comparison().of(desired, live).length > 0;
}

/** Every pass compares every child: a field is spelled only where it differs, which is seldom. */
class Comparison {
  readonly #found: Drift[] = [];
  /** From the object to where it is now: names of fields, and items in brackets. */
  readonly #path: string[] = [];

  of(desired: unknown, live: unknown): readonly Drift[] {
    this.#compare(desired, live, '');
    return this.#found;
  }

  /** @param name of the field that holds both */
  #compare(desired: unknown, live: unknown, name: string): void {
    if (desired === undefined || Object.is(desired, live)) return;
    if (Array.isArray(desired) && Array.isArray(live)) this.#compareLists(desired, live, name);
    else if (isRecord(desired) && isRecord(live)) this.#compareRecords(desired, live, name);
    else this.#add(desired, live);
  }

  #compareRecords(
    desired: Readonly<Record<string, unknown>>,
    live: Readonly<Record<string, unknown>>,
    name: string,
  ): void {
    for (const key in desired) {
      this.#path.push(key);
      this.#compare(desired[key], live[key], key);
      this.#path.pop();
    }
    if (!isAtomicMap(name)) return;
    for (const key in live) {
      if (key in desired) continue;
      this.#path.push(key);
      this.#add(undefined, live[key]);
      this.#path.pop();
    }
  }

  #compareLists(desired: readonly unknown[], live: readonly unknown[], name: string): void {
    const identify = itemIdentity(name);
    if (!identify && desired.length !== live.length) return this.#add(desired, live);
    const liveItems = identify && new Map(live.map((item) => [identify(item), item]));
    for (const [index, item] of desired.entries()) {
      const id = identify?.(item);
      const liveItem = id === undefined ? live[index] : liveItems?.get(id);
      this.#path.push(`[${id ?? index}]`);
      this.#compare(item, liveItem, '');
      this.#path.pop();
    }
  }

  #add(desired: unknown, live: unknown): void {
    this.#found.push({ field: this.#path.reduce(spell, ''), desired, live });
  }
}

/** Keys with dots, as annotations and labels have them, go into brackets. */
function spell(field: string, step: string): string {
  if (step.startsWith('[')) return `${field}${step}`;
  if (/[./]/.test(step)) return `${field}[${step}]`;
  return field === '' ? step : `${field}.${step}`;
}
