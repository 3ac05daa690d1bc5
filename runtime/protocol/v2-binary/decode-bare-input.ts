import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { DATATYPES } from '../../tensor/datatype.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type DecodedInputs, feedsOf, valueShape } from '../decoded-inputs.ts';
import { listNames } from '../describe.ts';
import { decodeElements, decodeText } from './decode-elements.ts';
import { JSON_LENGTH_HEADER } from './body.ts';

/**
 * A body without JSON (`Inference-Header-Content-Length: 0`): the bytes of the only input, whose shape follows from how many they are.
 * Free is either the number of rows, or one other dimension of a single row. Text is one element, without a length before it.
 * @throws RequestError InvalidInput
 */
export function decodeBareInput(body: Uint8Array, signature: ModelSignature): DecodedInputs {
  const { inputs, batched } = signature;
  const [input, ...others] = inputs;
  if (!input || others.length > 0) {
    const names = listNames(inputs.map(({ name }) => name));
    throw unfit(`a body without JSON holds one input, but the model has ${names}; describe them in JSON`);
  }
  const tail = valueShape(input, batched);
  if (!tail) throw unfit(`the shape of ${JSON.stringify(input.name)} does not follow from its size; give it in JSON`);
  const tensor =
    input.datatype === 'BYTES' ? decodeOneText(body, tail, batched) : decodeNumbers(body, input, signature);
  return { rows: batched ? (tensor.shape[0] ?? 1) : 1, feeds: feedsOf(inputs, [tensor]) };
}

function unfit(problem: string): Error {
  return invalidInput(`${JSON_LENGTH_HEADER}: 0`, problem);
}

function decodeOneText(body: Uint8Array, tail: readonly number[], batched: boolean): Tensor {
  if (elementCount(tail.map(Math.abs)) !== 1) {
    throw unfit(
      `a body without JSON holds one string, but a row has shape ${formatShape(tail)}; give the shape in JSON`,
    );
  }
  const shape = tail.map(() => 1);
  return { datatype: 'BYTES', shape: batched ? [1, ...shape] : shape, data: [decodeText(body, 'body')] };
}

function decodeNumbers(body: Uint8Array, { datatype, shape = [] }: TensorSpec, { batched }: ModelSignature): Tensor {
  // Axis 0 counts rows, whatever number of them the graph takes at once.
  const declared = batched ? [-1, ...shape.slice(1)] : shape;
  const tailFree = declared.findLastIndex((length) => length === -1);
  const frees = declared.filter((length) => length === -1).length;
  if (frees > (batched ? 2 : 1)) {
    throw unfit(`the shape ${formatShape(declared)} does not follow from the body's size; give it in JSON`);
  }
  const step = elementCount(declared.filter((length) => length !== -1)) * (DATATYPES[datatype].bytesPerElement ?? 1);
  const length = body.byteLength / step;
  const isWhole = Number.isInteger(length) && length >= 1;
  if (frees === 0 ? length !== 1 : !isWhole) {
    const expected = frees === 0 ? `${step} bytes` : `${step} bytes or a multiple of it`;
    throw invalidInput('body', `expected ${expected} for ${datatype} ${formatShape(declared)}, got ${body.byteLength}`);
  }
  const actual = declared.map((size, axis) => (size !== -1 ? size : axis === tailFree ? length : 1));
  return decodeElements({ datatype, shape: actual, bytes: body }, { size: 'body', data: 'body' });
}
