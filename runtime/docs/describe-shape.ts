import type { TensorSpec } from '../onnx/signature.ts';

/** For people: `[rows, 4]`; `?` where any length goes. */
export function describeShape(shape: TensorSpec['shape'], batched: boolean): string {
  if (!shape) return '[any shape]';
  const lengths = shape.map((length, axis) => {
    if (length !== -1) return String(length);
    return batched && axis === 0 ? 'rows' : '?';
  });
  return `[${lengths.join(', ')}]`;
}
