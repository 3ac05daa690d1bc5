import { invalidInput } from './errors.ts';
import type { ModelSignature, TensorSpec } from './onnx/signature.ts';
import { fitsShape, formatShape } from './tensor/shape.ts';
import type { NamedTensors, Tensor } from './tensor/tensor.ts';

/** What is wrong with feeds that reach a batch ends with the whole batch, and onnxruntime ignores names that it does not know: so all is checked before. */

/**
 * @param rows that axis 0 of every feed must have, with a batched model
 * @throws RequestError InvalidInput unless the feeds are exactly the model's inputs, each of the declared datatype and shape
 */
export function checkFeeds(feeds: NamedTensors, rows: number, signature: ModelSignature): void {
  for (const spec of signature.inputs) checkFeed(feeds.get(spec.name), rows, { spec, batched: signature.batched });
  if (feeds.size === signature.inputs.length) return;
  const unknown = [...feeds.keys()].find((name) => !signature.inputs.some((spec) => spec.name === name)) ?? '';
  throw invalidInput(`input ${JSON.stringify(unknown)}`, 'the model has no such input');
}

function checkFeed(
  tensor: Tensor | undefined,
  rows: number,
  { spec, batched }: { readonly spec: TensorSpec; readonly batched: boolean },
): void {
  if (!tensor) throw misfit(spec, 'is missing');
  const { datatype, shape } = tensor;
  if (datatype !== spec.datatype) throw misfit(spec, `expected datatype ${spec.datatype}, got ${datatype}`);
  if (!fitsShape(shape, spec.shape) && !isOtherRowCount(shape, spec, batched)) {
    throw misfit(spec, `expected shape ${formatShape(spec.shape)}, got ${formatShape(shape)}`);
  }
  if (batched && shape[0] !== rows) throw misfit(spec, `expected ${rows} rows, got ${shape[0] ?? 'a scalar'}`);
}

function misfit({ name }: TensorSpec, problem: string): Error {
  return invalidInput(`input ${JSON.stringify(name)}`, problem);
}

/** A model of a fixed number of rows takes any: they are cut into runs. */
function isOtherRowCount(shape: readonly number[], spec: TensorSpec, batched: boolean): boolean {
  return batched && shape.length > 0 && spec.shape !== undefined && fitsShape(shape, [-1, ...spec.shape.slice(1)]);
}
