import { DATATYPES } from '../../tensor/datatype.ts';
import type { Datatype } from '../../tensor/tensor.ts';
import { exactInteger } from '../parse-json.ts';
import type { CsvCell } from './parse-csv.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** What pandas, R and SQL write for a missing value. */
const MISSING: ReadonlySet<string> = new Set(['', 'nan', 'na', 'n/a', '<na>', 'null', 'none']);
const INFINITE: ReadonlyMap<string, string> = new Map([
  ['inf', 'Infinity'],
  ['+inf', 'Infinity'],
  ['-inf', '-Infinity'],
  ['infinity', 'Infinity'],
  ['+infinity', 'Infinity'],
  ['-infinity', '-Infinity'],
]);

/**
 * A CSV field as the JSON value that an input of this datatype takes; a text that is none stays text, and is refused with the words that JSON gets.
 * Integers beyond 2^53 are bigint. Strings are taken as they stand; an empty field is missing unless it is quoted.
 */
export function cellValue(cell: CsvCell, datatype: Datatype): string | number | bigint | boolean | null {
  const { kind } = DATATYPES[datatype];
  if (kind === 'string' || cell === null) return cell;
  const text = cell.trim();
  if (NUMBER.test(text)) return numberOf(text.startsWith('+') ? text.slice(1) : text);
  const word = text.toLowerCase();
  if (MISSING.has(word)) return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return INFINITE.get(word) ?? cell;
}

/** Whether a field could be an element of a model that takes numbers. */
export function isValue(cell: CsvCell): boolean {
  return typeof cellValue(cell, 'FP64') !== 'string' || INFINITE.has((cell ?? '').trim().toLowerCase());
}

function numberOf(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !Number.isInteger(number) ? number : (exactInteger(text) ?? number);
}
