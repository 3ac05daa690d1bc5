/** Elements of a tensor of this shape; 1 for a scalar (`[]`). Dimensions must be 0 or more. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, dimension) => count * dimension, 1);
}

/** Whether `shape` is one that `spec` allows: the same rank, and equal wherever `spec` is not -1. Undefined allows every shape. */
export function fitsShape(shape: readonly number[], spec: readonly number[] | undefined): boolean {
  if (!spec) return true;
  return shape.length === spec.length && spec.every((dimension, axis) => dimension === -1 || dimension === shape[axis]);
}

/** Row-major strides in elements: `[3,8,8]` -> `[64,8,1]`. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array.from(shape, () => 1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** `[-1,4]`, for messages; `unknown` where the rank is. */
export function formatShape(shape: readonly number[] | undefined): string {
  return shape ? `[${shape.join(',')}]` : 'unknown';
}
