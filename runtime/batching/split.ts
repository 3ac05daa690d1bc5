import { sliceData } from '../tensor/datatype.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

/** Rows `[start, start + rows)` of a tensor. Shares memory with it. */
export function sliceRows(tensor: Tensor, start: number, rows: number): Tensor {
  const [present, ...tail] = tensor.shape;
  if (start === 0 && rows === present) return tensor;
  const rowElements = elementCount(tail);
  return {
    datatype: tensor.datatype,
    shape: [rows, ...tail],
    data: sliceData(tensor.data, start * rowElements, (start + rows) * rowElements),
  };
}

/** The same rows of several tensors. */
export function sliceNamed(tensors: NamedTensors, start: number, rows: number): NamedTensors {
  const sliced = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) sliced.set(name, sliceRows(tensor, start, rows));
  return sliced;
}

/** Undoes `concatRows`: consecutive pieces of so many rows each. Surplus rows at the end are dropped. */
export function splitRows(tensor: Tensor, rowCounts: readonly number[]): Tensor[] {
  let start = 0;
  return rowCounts.map((rows) => {
    const piece = sliceRows(tensor, start, rows);
    start += rows;
    return piece;
  });
}
