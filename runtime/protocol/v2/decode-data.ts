import { invalidInput } from '../../errors.ts';
import type { TensorSpec } from '../../onnx/signature.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { misfit } from '../decoded-inputs.ts';
import { describeItems, describeValue } from '../describe.ts';
import { TensorFiller, ValueProblem, type ValueSource } from '../fill-tensor.ts';

/** The tensor that `data` shall be. */
export interface DataContext {
  readonly spec: TensorSpec;
  /** As the client says it; nested data is nested like this. */
  readonly sentShape: readonly number[];
  /** As the graph takes it: the same elements. */
  readonly shape: readonly number[];
  readonly source: ValueSource;
}

/**
 * A tensor from its `data` in JSON: flat in row-major order, or nested as its shape.
 * @param path of `data`
 * @throws RequestError InvalidInput; WideInteger
 */
export function decodeData(data: unknown, { spec, sentShape, shape, source }: DataContext, path: string): Tensor {
  const count = elementCount(sentShape);
  const ofShape = ` for shape ${formatShape(sentShape)}`;
  if (!Array.isArray(data)) {
    const expected = `a list of ${describeItems([count], spec.datatype)}${ofShape}`;
    throw invalidInput(path, `expected ${expected}, got ${describeValue(data)}`);
  }
  const isNested = sentShape.length > 1 && Array.isArray(data[0]);
  if (!isNested && data.length !== count) {
    throw invalidInput(path, `expected ${describeItems([count], spec.datatype)}${ofShape}, got ${data.length}`);
  }
  try {
    const filler = new TensorFiller(spec, isNested ? sentShape : [count], data);
    filler.reserve(1, source);
    filler.add(data);
    return { ...filler.tensor([]), shape };
  } catch (error) {
    throw error instanceof ValueProblem ? misfit(error, path) : error;
  }
}
