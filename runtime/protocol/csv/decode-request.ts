import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { inputNamesOf } from '../decoded-inputs.ts';
import { quote } from '../describe.ts';
import { decodeTable } from '../table/decode-table.ts';
import { decodeText } from '../v2-binary/decode-elements.ts';
import { requestOf, type V1Options, type V1Request } from '../v1/decode-request.ts';
import { cellValue, isValue } from './cell-value.ts';
import { type CsvCell, parseCsv } from './parse-csv.ts';

/** `header` of `text/csv; header=present`; undefined: see for yourself. */
export type CsvHeader = 'present' | 'absent' | undefined;

/**
 * Decodes a body of `text/csv`: a row a line, in UTF-8, with or without a line of column names. Work and memory are linear in the body.
 * @throws RequestError InvalidInput, naming row and column
 */
export function decodeCsvRequest(
  body: Uint8Array,
  signature: ModelSignature,
  header: CsvHeader,
  options: V1Options = {},
): V1Request {
  const text = decodeText(body, 'body').replace(/^\uFEFF/, '');
  const records = parseCsv(text);
  const [first = []] = records;
  if (records.length === 0) throw invalidInput('body', 'expected CSV with a row a line, got nothing');
  const hasHeader = header === undefined ? looksLikeHeader(first, signature) : header === 'present';
  // pandas writes the index of a DataFrame as a first column without a name.
  const hasIndex = hasHeader && first.length > 1 && (first[0] ?? '') === '';
  const skipped = hasIndex ? 1 : 0;
  const rows = (hasHeader ? records.slice(1) : records).map((record) => (hasIndex ? record.slice(1) : record));
  const columns = hasHeader ? first.slice(skipped).map((name) => (name ?? '').trim()) : undefined;
  const inputs = decodeTable(
    {
      columns,
      rows,
      valueOf: (cell, datatype) => cellValue(cell as CsvCell, datatype),
      placeOf: (row, column) => {
        if (column === undefined) return `row ${row + 1}`;
        const name = columns?.[column] ?? signature.inputs[signature.inputs.length === 1 ? -1 : column]?.name;
        const number = columns ? '' : ` ${column + 1}`;
        return `row ${row + 1}, column${number}${name === undefined ? '' : ` ${quote(name)}`}`;
      },
      header: 'header',
      whole: 'body',
    },
    signature,
    // One more: the last line need not end, and a missing value is nothing at all.
    { characters: text.length + 1, exact: true },
  );
  return requestOf(inputs, options, signature);
}

/** A first line that names an input, or in front of numbers is nothing but words. */
function looksLikeHeader(cells: readonly CsvCell[], signature: ModelSignature): boolean {
  const names = inputNamesOf(signature);
  if (cells.some((cell) => cell !== null && names.indexOf(cell.trim()) !== undefined)) return true;
  const [only, ...others] = signature.inputs;
  if (!only || others.length > 0 || only.datatype === 'BYTES') return false;
  const words = (cells[0] ?? '') === '' ? cells.slice(1) : cells;
  return words.length > 0 && words.every((cell) => !isValue(cell));
}
