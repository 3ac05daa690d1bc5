import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Datatype } from '../../tensor/tensor.ts';
import { type DecodedInputs, feedsOf, inputNamesOf, misfit, reserveRows, valueShape } from '../decoded-inputs.ts';
import { quote } from '../describe.ts';
import { TensorFiller, ValueProblem, type ValueSource } from '../fill-tensor.ts';

/** Rows and columns, from whatever text they came. */
export interface Table {
  /** Names of the columns; undefined: in the order of the model's inputs. */
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly unknown[])[];
  /** A cell as the JSON value that an input of this datatype takes. */
  readonly valueOf: (cell: unknown, datatype: Datatype) => unknown;
  /** Where a row or cell stands, for messages. */
  readonly placeOf: (row: number, column?: number) => string;
  /** Where the names stand, and the table itself. */
  readonly header: string;
  readonly whole: string;
}

/**
 * A table as tensors. Columns of a model with several inputs are matched by name, as keys of JSON rows are, or without names taken in the order
 * of the inputs. The one input of other models has no named columns: cells become its elements in order, whatever they are called.
 * @throws RequestError InvalidInput, naming row and column; WideInteger
 */
export function decodeTable(table: Table, signature: ModelSignature, source: ValueSource): DecodedInputs {
  const { inputs, batched } = signature;
  if (!batched) throw invalidInput(table.whole, 'this model has no batch axis, so a table does not fit it; send JSON');
  if (table.rows.length === 0) throw invalidInput(table.whole, 'expected at least one row, got none');
  const [only, ...others] = inputs;
  return only && others.length === 0 ? decodeOneInput(table, only, source) : decodeColumns(table, signature, source);
}

function decodeOneInput(table: Table, spec: TensorSpec, source: ValueSource): DecodedInputs {
  const { rows } = table;
  const { declared, valueOf, tail, isOneColumn } = planOneInput(table, spec);
  let row = 0;
  try {
    const filler = new TensorFiller(spec, declared, valueOf(rows[0] ?? []));
    reserveRows([filler], rows.length, source);
    for (; row < rows.length; row += 1) filler.add(valueOf(rows[row] ?? []));
    const tensor = filler.tensor([rows.length]);
    const shape = tail ? [rows.length, ...tail] : tensor.shape;
    return { rows: rows.length, feeds: feedsOf([spec], [{ ...tensor, shape }]) };
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    const [column, ...inner] = isOneColumn ? [0, ...error.indices] : error.indices;
    throw misfit(new ValueProblem(inner, error.message), table.placeOf(row, column));
  }
}

/** How rows of cells become values of the one input. */
interface Plan {
  /** Shape of one value. */
  readonly declared: readonly number[] | undefined;
  readonly valueOf: (row: readonly unknown[]) => unknown;
  /** What a flat value is folded to; undefined: it stays as it is. */
  readonly tail: readonly number[] | undefined;
  /** A value stands in one cell. */
  readonly isOneColumn: boolean;
}

function planOneInput(table: Table, spec: TensorSpec): Plan {
  const { columns, rows } = table;
  const tail = valueShape(spec, true);
  // Rows of lists are the nested value itself; a single column may hold it, too.
  if (rows[0]?.some((cell) => Array.isArray(cell))) {
    requireWidth(table, spec, undefined);
    const isOneColumn = columns?.length === 1;
    return { declared: tail, valueOf: (row) => (isOneColumn ? row[0] : row), tail: undefined, isOneColumn };
  }
  const isFree = !tail || tail.includes(-1);
  if (isFree && tail?.length !== 1) {
    const shape = formatShape(spec.shape);
    throw invalidInput(table.whole, `cells cannot be put into ${quote(spec.name)} of shape ${shape}; send JSON`);
  }
  const width = isFree ? -1 : elementCount(tail);
  requireWidth(table, spec, width);
  const valueOf = (row: readonly unknown[]): unknown => row.map((cell) => table.valueOf(cell, spec.datatype));
  return { declared: [width], valueOf, tail: isFree ? undefined : tail, isOneColumn: false };
}

/** A header of the wrong width says more than the first row that does not fit. */
function requireWidth({ columns, header, rows, placeOf }: Table, spec: TensorSpec, width: number | undefined): void {
  if (columns && width !== undefined && width !== -1 && columns.length !== width) {
    const names = `${width} ${width === 1 ? 'column' : 'columns'}`;
    throw invalidInput(
      header,
      `expected ${names} for ${quote(spec.name)} ${formatShape(spec.shape)}, got ${columns.length}`,
    );
  }
  const cells = columns?.length;
  const wrong = cells === undefined ? -1 : rows.findIndex((row) => row.length !== cells);
  if (wrong !== -1) throw wrongLength(placeOf(wrong), cells ?? 0, rows[wrong]?.length ?? 0);
}

function decodeColumns(table: Table, signature: ModelSignature, source: ValueSource): DecodedInputs {
  const { inputs } = signature;
  const { rows, valueOf } = table;
  const width = table.columns?.length ?? inputs.length;
  const indices = columnIndices(table, signature);
  const wrong = rows.findIndex((row) => row.length !== width);
  if (wrong !== -1) throw wrongLength(table.placeOf(wrong), width, rows[wrong]?.length ?? 0);
  const tensors = inputs.map((spec, input) => {
    const column = indices[input] ?? 0;
    const value = (row: number): unknown => valueOf(rows[row]?.[column], spec.datatype);
    let row = 0;
    try {
      const filler = new TensorFiller(spec, valueShape(spec, true), value(0));
      reserveRows([filler], rows.length, source);
      for (; row < rows.length; row += 1) filler.add(value(row));
      return filler.tensor([rows.length]);
    } catch (error) {
      throw error instanceof ValueProblem ? misfit(error, table.placeOf(row, column)) : error;
    }
  });
  return { rows: rows.length, feeds: feedsOf(inputs, tensors) };
}

/** For every input the column that holds it. */
function columnIndices({ columns, header }: Table, signature: ModelSignature): readonly number[] {
  if (!columns) return signature.inputs.map((_, index) => index);
  const names = inputNamesOf(signature);
  const byName = new Map<string, number>();
  for (const [index, name] of columns.entries()) {
    const input = names.indexOf(name);
    if (input !== undefined && byName.has(name)) throw names.namedTwice(input, [name, name], header);
    byName.set(name, index);
  }
  return names.valuesOf(Object.fromEntries(byName), () => header) as number[];
}

function wrongLength(place: string, expected: number, got: number): Error {
  return invalidInput(place, `expected ${expected} ${expected === 1 ? 'cell' : 'cells'}, got ${got}`);
}
