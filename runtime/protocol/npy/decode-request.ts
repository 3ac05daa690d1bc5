import { Buffer } from 'node:buffer';
import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { allocateData } from '../../tensor/datatype.ts';
import { elementReader, float16View } from '../../tensor/element.ts';
import { elementCount, formatShape, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { feedsOf } from '../decoded-inputs.ts';
import { describeElement, listNames } from '../describe.ts';
import { elementWriter } from '../element-writer.ts';
import { decodeShape } from '../v2/tensor-header.ts';
import { decodeElements } from '../v2-binary/decode-elements.ts';
import { requestOf, type V1Options, type V1Request } from '../v1/decode-request.ts';
import { type NpyHeader, parseNpyHeader } from './parse-header.ts';

/**
 * Decodes a body of `application/x-npy`: one array, for the one input of the model, axis 0 rows. Elements become exactly what the model declares,
 * by the rules that JSON values follow: float64 may go to a float32 input, 1.5 not to one of integers.
 * @throws RequestError InvalidInput, naming the element by its indices
 */
export function decodeNpyRequest(body: Uint8Array, signature: ModelSignature, options: V1Options = {}): V1Request {
  const { inputs, batched } = signature;
  const [spec, ...others] = inputs;
  if (!spec || others.length > 0) {
    const names = listNames(inputs.map(({ name }) => name));
    throw invalidInput('body', `an .npy file holds one array, but the model has ${names}; send JSON or CSV`);
  }
  const header = parseNpyHeader(body);
  const shape = decodeShape(header.shape, spec, signature, 'header.shape');
  const source = elementsOf(body, header);
  // Text is always looked at: not all that numpy holds can go to a model.
  const isSame = source.datatype === spec.datatype && spec.datatype !== 'BYTES' && !header.fortranOrder;
  const tensor = isSame ? source : convert(source, header, spec);
  const feeds = feedsOf(inputs, [{ ...tensor, shape }]);
  return requestOf({ rows: batched ? (shape[0] ?? 1) : 1, feeds }, options, signature);
}

/** The elements in the order of the file. */
function elementsOf(body: Uint8Array, { datatype, elementBytes, shape, offset }: NpyHeader): Tensor {
  const bytes = body.subarray(offset);
  const count = elementCount(shape);
  if (bytes.byteLength !== count * elementBytes) {
    const expected = `expected ${count * elementBytes} bytes of elements for shape ${formatShape(shape)}`;
    throw invalidInput('body', `${expected}, got ${bytes.byteLength}`);
  }
  if (datatype !== 'BYTES') return decodeElements({ datatype, shape, bytes }, { size: 'body', data: 'data' });
  // '<U0' is an array of empty strings: no bytes bound how many.
  if (elementBytes === 0) throw invalidInput('header.descr', 'an array of empty strings is not served');
  return { datatype, shape, data: Array.from({ length: count }, (_, index) => textAt(bytes, index, elementBytes)) };
}

/** UTF-32, filled up with U+0000. */
function textAt(bytes: Uint8Array, index: number, elementBytes: number): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + index * elementBytes, elementBytes);
  let text = '';
  for (let at = 0; at < elementBytes; at += 4) {
    const code = buffer.readUInt32LE(at);
    if (code > 0x10ffff) throw invalidInput(`data[${index}]`, `is no text: there is no character ${code}`);
    text += String.fromCodePoint(code);
  }
  return text.replace(/\0+$/, '');
}

/** Elements in row-major order and in the datatype of the model. */
function convert(source: Tensor, { shape, fortranOrder }: NpyHeader, spec: TensorSpec): Tensor {
  const count = elementCount(shape);
  const data = allocateData(spec.datatype, count);
  const write = elementWriter(spec.datatype, data, true);
  const read = numberReader(source);
  const strides = stridesOf(shape);
  const fileStrides = fortranOrder ? stridesOf([...shape].reverse()).reverse() : strides;
  for (let index = 0; index < count; index += 1) {
    let from = index;
    if (fortranOrder) {
      from = 0;
      for (let axis = 0; axis < shape.length; axis += 1) from += indexOn(axis, index) * (fileStrides[axis] ?? 1);
    }
    const problem = write(index, jsonOf(read(from)));
    if (problem !== undefined) {
      const place = shape.map((_, axis) => `[${indexOn(axis, index)}]`).join('');
      const isText = source.datatype === 'BYTES' || spec.datatype === 'BYTES';
      const hint =
        isText && source.datatype !== spec.datatype ? `; the model takes ${describeElement(spec.datatype)} here` : '';
      throw invalidInput(`data${place}`, problem + hint);
    }
  }
  return { datatype: spec.datatype, shape, data };

  function indexOn(axis: number, index: number): number {
    return Math.floor(index / (strides[axis] ?? 1)) % (shape[axis] ?? 1);
  }
}

/** As `elementReader`, but floats are what they are, as numpy's `tolist` gives them, not their shortest decimal. */
function numberReader(tensor: Tensor): (index: number) => unknown {
  const { datatype, data } = tensor;
  if (datatype === 'FP32') return (index) => data[index];
  if (datatype !== 'FP16') return elementReader(tensor);
  const halves = float16View(data as Uint16Array);
  return (index) => halves[index];
}

/** Values that JSON has no number for, as JSON requests write them. */
function jsonOf(value: unknown): unknown {
  return typeof value !== 'number' || Number.isFinite(value) ? value : Number.isNaN(value) ? null : String(value);
}
