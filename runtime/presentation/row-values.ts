import { elementReader, nestElements } from '../tensor/element.ts';
import type { JsonValue } from '../tensor/element.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { RequestError } from '../errors.ts';
import { quote } from '../onnx/quote.ts';

/**
 * One JSON value per row of a tensor: a bare value for `[N]` and `[N,1]`, nested lists for more.
 * A tensor whose axis 0 is not the rows (a constant) is given whole to every row.
 */
export function rowValues(tensor: Tensor, rows: number): JsonValue[] {
  const read = elementReader(tensor);
  const { shape } = tensor;
  if (shape[0] !== rows) return Array.from({ length: rows }, () => wholeValue(tensor));
  const inner = shape.length === 2 && shape[1] === 1 ? [] : shape.slice(1);
  const stride = elementCount(shape.slice(1));
  return Array.from({ length: rows }, (_, row) => nestElements(read, inner, row * stride));
}

/** The whole tensor as nested lists; a bare value for a scalar. */
export function wholeValue(tensor: Tensor): JsonValue {
  return nestElements(elementReader(tensor), tensor.shape);
}

/** The output of that name. @throws RequestError InferenceFailed when the run did not give it */
export function outputOf(outputs: NamedTensors, name: string): Tensor {
  const tensor = outputs.get(name);
  if (!tensor) throw new RequestError('InferenceFailed', `the model gave no output ${quote(name)}`);
  return tensor;
}
