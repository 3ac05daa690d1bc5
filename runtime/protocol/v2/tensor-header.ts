import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { fitsShape, formatShape } from '../../tensor/shape.ts';
import { describeValue, quote } from '../describe.ts';

/** Dimensions that numpy can hold; only inputs of unknown rank can have more than the graph declares. */
const MAX_RANK = 64;

/** The input's shape as V2 shows and takes it: -1 for rows even where the graph takes a fixed number of them at once. */
export function servedShape({ shape }: TensorSpec, batched: boolean): readonly number[] | undefined {
  return batched && shape ? [-1, ...shape.slice(1)] : shape;
}

/**
 * Checks the datatype that a request gives for an input.
 * @param path e.g. `inputs[0].datatype`
 * @throws RequestError InvalidInput
 */
export function requireDatatype(value: unknown, spec: TensorSpec, path: string): void {
  if (value === spec.datatype) return;
  throw invalidInput(
    path,
    `expected "${spec.datatype}", the datatype of ${quote(spec.name)}, got ${describeValue(value)}`,
  );
}

/**
 * Checks the shape that a request gives for an input against the declared one. Dimensions of 1 at the end may be left out or added, since
 * they change no element: clients send a DataFrame column as `[N]` or as `[N,1]`.
 * @param path e.g. `inputs[0].shape`
 * @returns the shape for the graph; with a batched model axis 0 is the number of rows
 * @throws RequestError InvalidInput
 */
export function decodeShape(value: unknown, spec: TensorSpec, signature: ModelSignature, path: string): number[] {
  const { batched } = signature;
  const declared = servedShape(spec, batched);
  const shape = withRankOf(requireDimensions(value, path), declared);
  if (!fitsShape(shape, declared)) {
    const hint =
      batched && fitsShape(shape, declared?.slice(1)) ? `; rows come first: ${formatShape([1, ...shape])}` : '';
    throw invalidInput(path, `expected ${formatShape(declared)}${meaning(declared)}, got ${formatShape(shape)}${hint}`);
  }
  if (batched && shape.length === 0) throw invalidInput(path, 'expected the number of rows first, got []');
  const empty = shape.findIndex((length, axis) => length === 0 && declared?.[axis] !== 0);
  if (empty !== -1) throw invalidInput(`${path}[${empty}]`, 'expected 1 or more, got 0');
  return shape;
}

function meaning(declared: readonly number[] | undefined): string {
  return declared?.includes(-1) ? ' (-1: any number)' : '';
}

function requireDimensions(value: unknown, path: string): number[] {
  if (!Array.isArray(value)) throw invalidInput(path, `expected a list of integers, got ${describeValue(value)}`);
  if (value.length > MAX_RANK) {
    throw invalidInput(path, `expected at most ${MAX_RANK} dimensions, got ${value.length}`);
  }
  const wrong = value.findIndex((length) => !Number.isSafeInteger(length) || (length as number) < 0);
  if (wrong === -1) return value as number[];
  const length: unknown = value[wrong];
  const isTooLarge = typeof length === 'bigint' ? length > 0n : Number.isInteger(length) && (length as number) > 0;
  const expected = isTooLarge ? 'an integer that memory has room for' : 'an integer of 1 or more';
  throw invalidInput(`${path}[${wrong}]`, `expected ${expected}, got ${describeValue(length)}`);
}

function withRankOf(shape: number[], declared: readonly number[] | undefined): number[] {
  if (!declared) return shape;
  const isOne = (length: number): boolean => length === 1;
  const [surplus, missing] = [shape.slice(declared.length), declared.slice(shape.length)];
  if (!surplus.every(isOne) || !missing.every(isOne)) return shape;
  return [...shape.slice(0, declared.length), ...missing];
}
