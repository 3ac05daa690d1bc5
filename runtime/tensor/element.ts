import { shortestFloat16, shortestFloat32 } from './decimal.ts';
import type { Tensor } from './tensor.ts';

/** One tensor element as a JSON value. NaN and infinities stay numbers (JSON text shows them as null); bigint only beyond 2^53. */
export type JsonScalar = string | number | bigint | boolean;

/**
 * A value that the response encoder can write: JSON, with bigint for wide integers, and a Map for an object whose key order
 * matters (class labels that look like integers would be sorted by an object).
 */
export type JsonValue =
  JsonScalar | null | readonly JsonValue[] | ReadonlyMap<string, JsonValue> | { readonly [key: string]: JsonValue };

/** Reads element `index` (row-major) of the tensor it was made for. */
export type ElementReader = (index: number) => JsonScalar;

/**
 * How elements of this tensor read as JSON: BOOL true/false; 64-bit integers a number where it is exact, else bigint; FP32 and FP16
 * the double nearest to their shortest decimal.
 */
export function elementReader({ datatype, data }: Tensor): ElementReader {
  if (Array.isArray(data)) return (index) => data[index] ?? '';
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return (index) => narrowInteger(data[index] ?? 0n);
  switch (datatype) {
    case 'BOOL':
      return (index) => data[index] !== 0;
    case 'FP32':
      return (index) => shortestFloat32(data[index] ?? Number.NaN);
    case 'FP16': {
      const halves = float16View(data as Uint16Array);
      return (index) => shortestFloat16(halves[index] ?? Number.NaN);
    }
    default:
      return (index) => data[index] ?? Number.NaN;
  }
}

/** A number where it is exact, else the bigint itself. */
export function narrowInteger(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

/** FP16 bits as numbers; shares memory. */
export function float16View(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/**
 * Elements from `offset` on as lists nested to `shape`: `[2,2]` -> `[[a,b],[c,d]]`; a bare value for `[]`.
 * @param shape the dimensions to nest, e.g. the tensor's shape without its batch axis for one row
 */
export function nestElements(read: ElementReader, shape: readonly number[], offset = 0): JsonValue {
  if (shape.length === 0) return read(offset);
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) return Array.from({ length }, (_, index) => read(offset + index));
  const stride = inner.reduce((count, dimension) => count * dimension, 1);
  return Array.from({ length }, (_, index) => nestElements(read, inner, offset + index * stride));
}
