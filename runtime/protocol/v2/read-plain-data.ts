import { Buffer } from 'node:buffer';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { JsonNumbers } from '../json-numbers.ts';
import { isNumberDatatype, roomFor } from '../number-target.ts';
import type { TensorReader } from './decode-inputs.ts';

/** A V2 body with its one list of numbers taken out. */
export interface PlainBody {
  /** The JSON with an empty list in the place of the numbers. */
  readonly bytes: Uint8Array;
  /** Reads the numbers for the one tensor. @throws NotPlain */
  readonly readTensor: TensorReader;
}

/** The body has to be read in the general way. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

const DATA = Buffer.from('"data"');
const EMPTY_LIST = Buffer.from('[]');
const BACKSLASH = 0x5c;
/** Below it the general way is as fast. */
const MIN_BYTES = 1000;

/**
 * Takes the numbers out of a body with one `"data"`, so that only what describes them has to be parsed. Whether they really are the elements
 * of that tensor shows when the rest is decoded: it then has the empty list.
 * @returns undefined where that cannot be: several tensors, escapes, short bodies
 */
export function takePlainData(json: Uint8Array): PlainBody | undefined {
  if (json.length < MIN_BYTES) return undefined;
  const body = Buffer.from(json.buffer, json.byteOffset, json.length);
  const key = body.indexOf(DATA);
  if (key === -1) return undefined;
  const colon = new JsonNumbers(body, false, key + DATA.length);
  if (!colon.skip(':')) return undefined;
  const start = colon.position;
  const end = body.indexOf(']', start) + 1;
  const tail = body.subarray(end);
  const head = body.subarray(0, start);
  const isAlone = end > 0 && tail.indexOf(DATA) === -1 && !tail.includes(BACKSLASH) && !head.includes(BACKSLASH);
  if (!isAlone) return undefined;
  return {
    bytes: Buffer.concat([head, EMPTY_LIST, tail]),
    readTensor: (input, { spec, shape }) => {
      const { data, parameters } = input;
      const count = elementCount(shape);
      const isThisOne = Array.isArray(data) && data.length === 0 && parameters === undefined && count > 0;
      if (!isThisOne || !isNumberDatatype(spec.datatype)) throw new NotPlain();
      return { datatype: spec.datatype, shape, data: readData(body.subarray(start, end), spec.datatype, count) };
    },
  };
}

/** @throws NotPlain */
function readData(list: Buffer, datatype: 'FP32' | 'FP64', count: number): Tensor['data'] {
  // A number and what follows it take two bytes.
  if (count > list.length) throw new NotPlain();
  const room = roomFor(datatype, count);
  const numbers = new JsonNumbers(list, datatype === 'FP32');
  if (!numbers.readNested([count], room, 0) || !numbers.isAtEnd()) throw new NotPlain();
  return room.slice(0, count);
}
