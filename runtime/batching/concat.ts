import { allocateData } from '../tensor/datatype.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

/** Whether tensors of these two requests may be rows of one batch: the same names, datatypes, and shapes but for axis 0. */
export function isConcatenable(a: NamedTensors, b: NamedTensors): boolean {
  if (a.size !== b.size) return false;
  for (const [name, left] of a) {
    const right = b.get(name);
    if (!right || right.datatype !== left.datatype || right.shape.length !== left.shape.length) return false;
    for (let axis = 1; axis < left.shape.length; axis += 1) {
      if (left.shape[axis] !== right.shape[axis]) return false;
    }
  }
  return true;
}

/**
 * Joins tensors along axis 0. All have the same datatype and the same shape but for axis 0.
 * @param tensors at least one
 * @returns a tensor with its own buffer
 */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new RangeError('nothing to join');
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  const { datatype } = first;
  if (datatype === 'BYTES') return { datatype, shape, data: tensors.flatMap(({ data }) => data as string[]) };
  const data = allocateData(datatype, elementCount(shape)) as Uint8Array;
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as Uint8Array, offset);
    offset += tensor.data.length;
  }
  return { datatype, shape, data };
}

/** Joins requests along axis 0, input by input. All are concatenable with the first. */
export function concatFeeds(requests: readonly NamedTensors[]): NamedTensors {
  const [first] = requests;
  const names = [...(first?.keys() ?? [])];
  return new Map(names.map((name) => [name, concatRows(requests.flatMap((feeds) => feeds.get(name) ?? []))]));
}

/** The tensor with its last row repeated until it has `rows` rows. A tensor that has them already comes back as it is. */
export function padRows(tensor: Tensor, rows: number): Tensor {
  const [present = 0, ...tail] = tensor.shape;
  if (present >= rows) return tensor;
  const rowElements = elementCount(tail);
  const data = tensor.data.slice((present - 1) * rowElements);
  const last: Tensor = { datatype: tensor.datatype, shape: [1, ...tail], data };
  return concatRows([tensor, ...Array.from({ length: rows - present }, () => last)]);
}
