import { Buffer, isUtf8 } from 'node:buffer';
import { invalidInput } from '../../errors.ts';
import { allocateData, DATATYPES } from '../../tensor/datatype.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Datatype, Tensor, TensorData } from '../../tensor/tensor.ts';
import { textProblem } from '../element-writer.ts';

/** A tensor as V2 sends it: little-endian, row-major, packed; BOOL one byte 0 or 1; BYTES a 4-byte length before every element. */
export interface RawTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Where a tensor stands in its request, for messages. */
export interface RawTensorPaths {
  /** Of what gives its size, e.g. `inputs[0].parameters.binary_data_size`. */
  readonly size: string;
  /** Of its elements, e.g. `inputs[0].data`. */
  readonly data: string;
}

/** Bytes of the length before an element of BYTES. */
export const LENGTH_BYTES = 4;

/**
 * The elements of a tensor sent as bytes, in a fresh buffer. Text must be UTF-8: that is what ONNX strings are.
 * Memory is bounded by the bytes that came, whatever the shape says.
 * @throws RequestError InvalidInput when the bytes are not exactly the shape's elements
 */
export function decodeElements(raw: RawTensor, paths: RawTensorPaths): Tensor {
  const { datatype, shape, bytes } = raw;
  const { bytesPerElement } = DATATYPES[datatype];
  const count = elementCount(shape);
  if (bytesPerElement === undefined) return { datatype, shape, data: decodeStrings(raw, count, paths) };
  if (bytes.byteLength !== count * bytesPerElement) {
    const expected = `expected ${count * bytesPerElement} bytes for ${datatype} of shape ${formatShape(shape)}`;
    throw invalidInput(paths.size, `${expected}, got ${bytes.byteLength}`);
  }
  const data = allocateData(datatype, count) as Exclude<TensorData, string[]>;
  // Copied: a view of the body may start at an address that does not fit the datatype.
  const target = new Uint8Array(data.buffer);
  target.set(bytes);
  if (datatype === 'BOOL') requireFlags(target, paths.data);
  return { datatype, shape, data };
}

function requireFlags(bytes: Uint8Array, path: string): void {
  const index = bytes.findIndex((byte) => byte > 1);
  if (index !== -1) throw invalidInput(`${path}[${index}]`, `expected a byte of 0 or 1, got ${bytes[index]}`);
}

function decodeStrings({ bytes, shape }: RawTensor, count: number, paths: RawTensorPaths): string[] {
  const total = bytes.byteLength;
  if (total < count * LENGTH_BYTES) {
    const expected = `at least ${count * LENGTH_BYTES} bytes for BYTES of shape ${formatShape(shape)}`;
    throw invalidInput(paths.size, `expected ${expected} (a length of 4 bytes before each element), got ${total}`);
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, total);
  const texts: string[] = [];
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    const path = `${paths.data}[${index}]`;
    if (offset + LENGTH_BYTES > total) throw invalidInput(path, `the tensor's ${total} bytes end before this element`);
    const length = buffer.readUInt32LE(offset);
    offset += LENGTH_BYTES;
    if (offset + length > total) {
      throw invalidInput(path, `is ${length} bytes long by its length, but only ${total - offset} bytes follow`);
    }
    texts.push(decodeText(buffer.subarray(offset, offset + length), path));
    offset += length;
  }
  if (offset === total) return texts;
  throw invalidInput(
    paths.size,
    `expected ${offset} bytes by the lengths of its ${count === 1 ? 'element' : 'elements'}, got ${total}`,
  );
}

/** @throws RequestError InvalidInput */
export function decodeText(bytes: Uint8Array, path: string): string {
  if (!isUtf8(bytes)) throw invalidInput(path, 'expected UTF-8 text; this model takes text, not arbitrary bytes');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const problem = textProblem(text);
  if (problem !== undefined) throw invalidInput(path, problem);
  return text;
}
