import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { describeItems, describeValue, fieldOf, quote } from '../describe.ts';
import { TensorFiller, ValueProblem, type ValueSource } from '../fill-tensor.ts';
import {
  type DecodedInputs,
  feedsOf,
  inputNamesOf,
  type JsonObject,
  misfit,
  reserveRows,
  valueShape,
} from '../decoded-inputs.ts';

/**
 * TensorFlow Serving's column form: `{input name: tensor}`, each holding all rows (for a model without batch axis: the whole tensor).
 * @throws RequestError InvalidInput; WideInteger
 */
export function decodeColumns(columns: JsonObject, signature: ModelSignature, source: ValueSource): DecodedInputs {
  const { inputs, batched } = signature;
  const names = inputNamesOf(signature);
  const values = names.valuesOf(columns, () => 'inputs');
  const paths = inputs.map((_, index) => fieldOf('inputs', names.keyIn(columns, index)));
  const rows = batched ? countRows(values, inputs, paths) : 1;
  const tensors = inputs.map((spec, index) => {
    const path = paths[index] ?? '';
    return batched
      ? decodeColumn(spec, values[index] as Items, { path, source })
      : decodeWhole(spec, values[index], { path, source });
  });
  return { rows, feeds: feedsOf(inputs, tensors) };
}

type Items = readonly unknown[];

interface Place {
  /** Of the column, for messages. */
  readonly path: string;
  readonly source: ValueSource;
}

function decodeColumn(spec: TensorSpec, items: Items, { path, source }: Place): Tensor {
  let row = 0;
  try {
    const filler = new TensorFiller(spec, valueShape(spec, true), items[0]);
    reserveRows([filler], items.length, source);
    for (; row < items.length; row += 1) filler.add(items[row]);
    return filler.tensor([items.length]);
  } catch (error) {
    throw error instanceof ValueProblem ? misfit(error, `${path}[${row}]`) : error;
  }
}

function decodeWhole(spec: TensorSpec, value: unknown, { path, source }: Place): Tensor {
  try {
    const filler = new TensorFiller(spec, spec.shape, value);
    reserveRows([filler], 1, source);
    filler.add(value);
    return filler.tensor([]);
  } catch (error) {
    throw error instanceof ValueProblem ? misfit(error, path) : error;
  }
}

/** Every column must be a list, all of the same length of at least one. */
function countRows(values: readonly unknown[], inputs: readonly TensorSpec[], paths: readonly string[]): number {
  let rows = 0;
  for (const [index, { datatype }] of inputs.entries()) {
    const value = values[index];
    const path = paths[index] ?? '';
    if (!Array.isArray(value)) {
      const expected = `a list with one value for each row (${describeItems([-1], datatype)})`;
      throw invalidInput(path, `expected ${expected}, got ${describeValue(value)}`);
    }
    if (value.length === 0) throw invalidInput(path, 'expected at least one row, got an empty list');
    if (index === 0) rows = value.length;
    if (value.length !== rows) {
      throw invalidInput(path, `expected ${rows} rows as in ${quote(inputs[0]?.name ?? '')}, got ${value.length}`);
    }
  }
  return rows;
}
