import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { type DecodedInputs, isObject, type JsonObject } from '../decoded-inputs.ts';
import { describeValue, quote } from '../describe.ts';
import type { ValueSource } from '../fill-tensor.ts';
import { decodeTable } from './decode-table.ts';

/** Whether a document is what `DataFrame.to_json(orient="split")` writes. */
export function isSplit(document: JsonObject): boolean {
  return Object.hasOwn(document, 'columns') && Object.hasOwn(document, 'data');
}

/**
 * A DataFrame as `{"columns": [...], "index": [...], "data": [[...], ...]}`; the index is ignored.
 * @param path of the object, for messages; empty: the body itself
 * @throws RequestError InvalidInput, naming row and column; WideInteger
 */
export function decodeSplit(
  value: unknown,
  path: string,
  signature: ModelSignature,
  source: ValueSource,
): DecodedInputs {
  if (!isObject(value) || !isSplit(value)) {
    const got = isObject(value)
      ? `only ${Object.keys(value).slice(0, 5).map(quote).join(', ') || 'an empty object'}`
      : describeValue(value);
    throw invalidInput(path, `expected an object with "columns" and "data", got ${got}`);
  }
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const columns = requireList(value['columns'], at('columns'), 'column names').map((name, index) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    throw invalidInput(`${at('columns')}[${index}]`, `expected a column name, got ${describeValue(name)}`);
  });
  const rows = requireList(value['data'], at('data'), 'rows').map((row, index) =>
    requireList(row, `${at('data')}[${index}]`, 'cells, one for each column'),
  );
  const placeOf = (row: number, column?: number): string =>
    column === undefined
      ? `${at('data')}[${row}]`
      : `${at('data')}[${row}][${column}] (column ${quote(columns[column] ?? '')})`;
  const table = { columns, rows, valueOf: (cell: unknown) => cell, placeOf, header: at('columns'), whole: at('data') };
  return decodeTable(table, signature, source);
}

function requireList(value: unknown, path: string, items: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidInput(path, `expected a list of ${items}, got ${describeValue(value)}`);
}
