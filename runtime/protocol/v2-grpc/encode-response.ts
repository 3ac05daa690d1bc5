import protobuf from 'protobufjs/minimal.js';
import type { Tensor } from '../../tensor/tensor.ts';
import type { V2Response } from '../v2/encode-response.ts';
import { encodeElements } from '../v2-binary/encode-elements.ts';
import { CONTENTS } from './decode-contents.ts';

type Writer = protobuf.Writer;

/** Tag of a length-delimited field. */
const bytesTag = (field: number): number => (field << 3) | 2;

/**
 * A `ModelInferResponse`. Its tensors are raw where the request's were, and where one of them is FP16, for which there is no other way.
 * @returns bytes that nobody else holds
 */
export function encodeInferResponse(response: Omit<V2Response, 'outputs'> & OutputsOf, isRaw: boolean): Uint8Array {
  const { modelName, modelVersion, id, parameters = {}, outputs } = response;
  const areRaw = isRaw || outputs.some(({ tensor }) => tensor.datatype === 'FP16');
  const writer = protobuf.Writer.create();
  writer.uint32(bytesTag(1)).string(modelName).uint32(bytesTag(2)).string(modelVersion);
  if (id !== undefined) writer.uint32(bytesTag(3)).string(id);
  for (const [name, value] of Object.entries(parameters)) writeParameter(writer.uint32(bytesTag(4)), name, value);
  for (const { name, tensor } of outputs) {
    writer.uint32(bytesTag(5)).fork();
    writer.uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(tensor.datatype);
    writeShape(writer, 3, tensor.shape);
    if (!areRaw) writeContents(writer.uint32(bytesTag(5)), tensor);
    writer.ldelim();
  }
  if (areRaw) for (const { tensor } of outputs) writer.uint32(bytesTag(6)).bytes(encodeElements(tensor));
  return writer.finish();
}

type OutputsOf = { readonly outputs: readonly { readonly name: string; readonly tensor: Tensor }[] };

/** A packed `repeated int64`. */
export function writeShape(writer: Writer, field: number, shape: readonly number[]): void {
  writer.uint32(bytesTag(field)).fork();
  for (const length of shape) writer.int64(length);
  writer.ldelim();
}

/** An entry of a `map<string, InferParameter>`. */
function writeParameter(writer: Writer, name: string, value: string | number | boolean): void {
  writer.fork().uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).fork();
  if (typeof value === 'boolean') writer.uint32(1 << 3).bool(value);
  else if (typeof value === 'string') writer.uint32(bytesTag(3)).string(value);
  else writer.uint32((4 << 3) | 1).double(value);
  writer.ldelim().ldelim();
}

/** `InferTensorContents` */
function writeContents(writer: Writer, tensor: Tensor): void {
  const { datatype, data } = tensor;
  const tag = bytesTag(CONTENTS[datatype]?.field ?? 0);
  writer.fork();
  if (Array.isArray(data)) for (const text of data) writer.uint32(tag).string(text);
  else if (data.length > 0) writePacked(writer.uint32(tag), tensor);
  writer.ldelim();
}

function writePacked(writer: Writer, tensor: Tensor): void {
  const { datatype, data } = tensor;
  // Floats, and booleans as bytes of 0 and 1, lie in a packed field as they lie in memory.
  if (data instanceof Float32Array || data instanceof Float64Array || datatype === 'BOOL') {
    writer.bytes(encodeElements(tensor));
    return;
  }
  writer.fork();
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) writeWide(writer, data);
  else for (const value of data as Int32Array) writer.int32(value);
  writer.ldelim();
}

function writeWide(writer: Writer, data: BigInt64Array | BigUint64Array): void {
  const halves = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const isUnsigned = data instanceof BigUint64Array;
  for (let index = 0; index < halves.length; index += 2) {
    // What protobufjs reads of a Long.
    const bits = { low: halves[index] ?? 0, high: halves[index + 1] ?? 0, unsigned: isUnsigned };
    writer.uint64(bits);
  }
}
