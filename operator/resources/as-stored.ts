import type { V1ResourceRequirements } from '@kubernetes/client-node';
import { canonicalQuantity } from '../api/quantity.ts';
import { parseField } from './invalid-spec.ts';

/** Maps whose values may be empty text that means something. */
const MAPS: ReadonlySet<string> = new Set(['matchLabels', 'nodeSelector', 'labels', 'annotations']);

/**
 * A value of the user in the form in which the API server stores it, so that desired and stored compare equal:
 * without null, empty lists and empty text, which it drops. Empty objects stay: `labelSelector: {}` selects everything.
 */
export function asStored<T>(value: T): T {
  return prune(value, false) as T;
}

function prune(value: unknown, keepEmptyText: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(item, false));
  if (typeof value !== 'object' || value === null) return value;
  const kept: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const pruned = prune(item, MAPS.has(key));
    if (!isDropped(pruned, keepEmptyText)) kept.push([key, pruned]);
  }
  return Object.fromEntries(kept);
}

function isDropped(item: unknown, keepEmptyText: boolean): boolean {
  if (item === undefined || item === null) return true;
  if (item === '') return !keepEmptyText;
  return Array.isArray(item) && item.length === 0;
}

/**
 * Resource requirements with every quantity in its one spelling.
 * @returns undefined when nothing is asked for
 * @throws InvalidSpecError
 */
export function storedResources(resources: V1ResourceRequirements | undefined): V1ResourceRequirements | undefined {
  const stored: V1ResourceRequirements = {};
  for (const kind of ['requests', 'limits'] as const) {
    const quantities = Object.entries(resources?.[kind] ?? {});
    if (quantities.length === 0) continue;
    stored[kind] = Object.fromEntries(
      quantities.map(([name, quantity]) => [
        name,
        parseField(`spec.resources.${kind}.${name}`, () => canonicalQuantity(quantity)),
      ]),
    );
  }
  return Object.keys(stored).length > 0 ? stored : undefined;
}
