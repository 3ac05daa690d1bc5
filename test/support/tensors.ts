import * as fc from 'fast-check';
import { allocateData, DATATYPES } from '../../runtime/tensor/datatype.ts';
import { elementCount } from '../../runtime/tensor/shape.ts';
import type { Datatype, Tensor } from '../../runtime/tensor/tensor.ts';

export const DATATYPE_NAMES = Object.keys(DATATYPES) as readonly Datatype[];

/** JSON.stringify writes -0 as 0. */
const unsignedZero = (value: number): number => value + 0;

/** Random values of a datatype, as the elements of a tensor. Finite or NaN, as JSON can say them. */
const ELEMENTS: Readonly<Record<Datatype, fc.Arbitrary<number | bigint | string>>> = {
  BOOL: fc.integer({ min: 0, max: 1 }),
  UINT8: fc.integer({ min: 0, max: 255 }),
  UINT16: fc.integer({ min: 0, max: 65_535 }),
  UINT32: fc.integer({ min: 0, max: 4_294_967_295 }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  INT8: fc.integer({ min: -128, max: 127 }),
  INT16: fc.integer({ min: -32_768, max: 32_767 }),
  INT32: fc.integer(),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Bits of a finite half.
  FP16: fc.integer({ min: 0, max: 0x7bff }),
  FP32: fc.float({ noDefaultInfinity: true }).map(unsignedZero),
  FP64: fc.double({ noDefaultInfinity: true }).map(unsignedZero),
  BYTES: fc.string({ unit: 'grapheme' }),
};

/** Random tensors of one datatype and shape. */
export function arbitraryTensor(datatype: Datatype, shape: readonly number[]): fc.Arbitrary<Tensor> {
  const length = elementCount(shape);
  return fc.array(ELEMENTS[datatype], { minLength: length, maxLength: length }).map((elements) => {
    const data = allocateData(datatype, length);
    elements.forEach((element, index) => {
      data[index] = element;
    });
    return { datatype, shape, data };
  });
}

/** An FP32 tensor of rows. */
export function matrix(rows: readonly (readonly number[])[]): Tensor {
  return { datatype: 'FP32', shape: [rows.length, rows[0]?.length ?? 0], data: Float32Array.from(rows.flat()) };
}
