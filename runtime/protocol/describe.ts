import { DATATYPES } from '../tensor/datatype.ts';
import type { Datatype } from '../tensor/tensor.ts';

/** Words of error messages: what was expected, what came, where. All of bounded length. */

const MAX_SHOWN_CHARACTERS = 40;

/** `"text"`, cut after 40 characters. */
export function quote(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(cut);
}

/** `the number 5.1`, `the string "abc"`, `true`, `null`, `a list of 3`, `an object`. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number beyond 1.8e308';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

const NOUNS = { float: 'number', integer: 'integer', bool: 'boolean', string: 'string' } as const;

/** `a number`, `an integer`. */
export function describeElement(datatype: Datatype): string {
  const { kind } = DATATYPES[datatype];
  return `${kind === 'integer' ? 'an' : 'a'} ${NOUNS[kind]}`;
}

/** Contents of a list of this shape: `[4]` -> `4 numbers`, `[3,8]` -> `3 lists of 8 numbers`, `[-1]` -> `numbers`. */
export function describeItems(shape: readonly number[], datatype: Datatype): string {
  const noun = NOUNS[DATATYPES[datatype].kind];
  const [length = 1, ...inner] = shape;
  const items = inner.length === 0 ? noun : `list of ${describeItems(inner, datatype)}`;
  const plural = inner.length === 0 ? `${noun}s` : `lists of ${describeItems(inner, datatype)}`;
  if (length === -1) return plural;
  return length === 1 ? `1 ${items}` : `${length} ${plural}`;
}

/** How many items a list has, and of which kind where they should have been the other kind: `3`, `1 list`, `6 bare values`. */
export function describeCount(items: readonly unknown[], wantsLists: boolean): string {
  const count = items.length;
  const isLists = count > 0 && Array.isArray(items[0]);
  if (count === 0 || isLists === wantsLists) return String(count);
  const noun = isLists ? 'list' : 'bare value';
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `"a", "b" and 7 more`. */
export function listNames(names: readonly string[], shown = 10): string {
  const quoted = names.slice(0, shown).map(quote).join(', ');
  return names.length > shown ? `${quoted} and ${names.length - shown} more` : quoted;
}

/** Appends a key to a field path: `instances[3]` + `age` -> `instances[3].age`; keys that are no plain word go in brackets. */
export function fieldOf(path: string, key: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]{0,63}$/u.test(key) ? `${path}.${key}` : `${path}[${quote(key)}]`;
}
