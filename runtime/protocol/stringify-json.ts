import type { JsonValue } from '../tensor/element.ts';

/**
 * JSON text. What `JSON.stringify` cannot write: bigint as an integer with all its digits, and maps as objects whose keys stay in order.
 * NaN and infinities become null.
 */
export function stringifyJson(value: JsonValue): string {
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return `${value}`;
  if (Array.isArray(value)) return stringifyList(value);
  return stringifyEntries(value instanceof Map ? (value as ReadonlyMap<string, JsonValue>) : Object.entries(value));
}

function stringifyEntries(entries: Iterable<readonly [string, JsonValue]>): string {
  let members = '';
  for (const [key, member] of entries) {
    members += `${members === '' ? '' : ','}${quoted(key)}:${stringifyJson(member)}`;
  }
  return `{${members}}`;
}

function stringifyList(values: readonly JsonValue[]): string {
  // A row of an embedding or an image: the built-in writes bare numbers twice as fast.
  if (values.every((value) => typeof value === 'number')) return JSON.stringify(values);
  let items = '';
  for (const value of values) items += `${items === '' ? '' : ','}${stringifyJson(value)}`;
  return `[${items}]`;
}

/** Nothing to escape, no half of a surrogate pair: nearly every label and column name. */
const PLAIN = /^[^"\\\p{Cc}\p{Cs}]{0,100}$/u;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
