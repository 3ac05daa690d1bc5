import { invalidInput } from '../../errors.ts';
import { allocateData, DATATYPES } from '../../tensor/datatype.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Datatype, Tensor, TensorData } from '../../tensor/tensor.ts';
import { describeItems } from '../describe.ts';
import { elementWriter } from '../element-writer.ts';
import { decodeText } from '../v2-binary/decode-elements.ts';
import {
  expectWire,
  type FieldReader,
  readBits,
  readBytes,
  type Reader,
  readFields,
  readVarints,
  WIRE,
} from './read-fields.ts';

/** Field of `InferTensorContents` that holds a datatype; FP16 has none. */
export const CONTENTS: Readonly<Record<Datatype, { readonly field: number; readonly name: string } | undefined>> = {
  BOOL: { field: 1, name: 'bool_contents' },
  INT8: { field: 2, name: 'int_contents' },
  INT16: { field: 2, name: 'int_contents' },
  INT32: { field: 2, name: 'int_contents' },
  INT64: { field: 3, name: 'int64_contents' },
  UINT8: { field: 4, name: 'uint_contents' },
  UINT16: { field: 4, name: 'uint_contents' },
  UINT32: { field: 4, name: 'uint_contents' },
  UINT64: { field: 5, name: 'uint64_contents' },
  FP32: { field: 6, name: 'fp32_contents' },
  FP64: { field: 7, name: 'fp64_contents' },
  BYTES: { field: 8, name: 'bytes_contents' },
  FP16: undefined,
};

/** The tensor that `contents` shall be. */
export interface ContentsContext {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Of `contents`, for messages. */
  readonly path: string;
}

/**
 * A tensor from its `InferTensorContents`, in a fresh buffer. Memory is bounded by the bytes that came, whatever the shape says.
 * @throws RequestError InvalidInput when they are not exactly the shape's elements in the field of their datatype
 */
export function decodeContents(bytes: Uint8Array, { datatype, shape, path }: ContentsContext): Tensor {
  const own = CONTENTS[datatype];
  if (!own) throw invalidInput(path, `${datatype} has no typed contents; send it in raw_input_contents`);
  const count = elementCount(shape);
  // Every element takes a byte at least: with a shape of more of them, they are only counted.
  const room = Math.min(count, bytes.byteLength);
  const elements = elementsOf(datatype, room, `${path}.${own.name}`);
  const others = Object.values(CONTENTS).flatMap((other) => (other && other.field !== own.field ? [other] : []));
  const refuse = (name: string): FieldReader => {
    return () => {
      throw invalidInput(path, `expected ${own.name} for ${datatype}, got ${name}`);
    };
  };
  readFields(bytes, 'InferTensorContents', {
    ...Object.fromEntries(others.map(({ field, name }) => [field, refuse(name)])),
    [own.field]: elements.read,
  });
  if (elements.count !== count) {
    const expected = `${describeItems([count], datatype)} for shape ${formatShape(shape)}`;
    throw invalidInput(`${path}.${own.name}`, `expected ${expected}, got ${elements.count}`);
  }
  return { datatype, shape, data: elements.data };
}

/** Elements as they come: the first of them in `data`, which has room for `room`, all of them counted. */
interface Elements {
  readonly data: TensorData;
  readonly count: number;
  readonly read: FieldReader;
}

function elementsOf(datatype: Datatype, room: number, path: string): Elements {
  if (datatype === 'BYTES') return new Texts(room, path);
  const data = allocateData(datatype, room) as Exclude<TensorData, string[]>;
  return DATATYPES[datatype].kind === 'float' ? new Floats(data) : new Varints(datatype, data, path);
}

/** Elements of a fixed width, which lie in the message as they lie in memory. */
class Floats implements Elements {
  readonly data: Exclude<TensorData, string[]>;
  count = 0;
  readonly #target: Uint8Array;

  constructor(data: Exclude<TensorData, string[]>) {
    this.data = data;
    this.#target = new Uint8Array(data.buffer);
  }

  readonly read: FieldReader = (reader, wireType) => {
    const width = this.data.BYTES_PER_ELEMENT;
    const bytes = wireType === WIRE.bytes ? reader.bytes() : oneFixed(reader, wireType, width);
    if (bytes.byteLength % width !== 0) throw new RangeError('a packed field ends inside an element');
    const offset = this.count * width;
    this.count += bytes.byteLength / width;
    if (offset < this.#target.byteLength) {
      this.#target.set(bytes.subarray(0, this.#target.byteLength - offset), offset);
    }
  };
}

function oneFixed(reader: Reader, wireType: number, width: number): Uint8Array {
  expectWire(wireType, width === 4 ? WIRE.fixed32 : WIRE.fixed64);
  const start = reader.pos;
  reader.skip(width);
  return reader.buf.subarray(start, start + width);
}

/** Integers and booleans. */
class Varints implements Elements {
  readonly data: TensorData;
  count = 0;
  readonly #readOne: (reader: Reader) => void;

  constructor(datatype: Datatype, data: Exclude<TensorData, string[]>, path: string) {
    this.data = data;
    this.#readOne =
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? this.#wide(data)
        : this.#narrow(datatype, data, path);
  }

  readonly read: FieldReader = (reader, wireType) => {
    readVarints(reader, wireType, (one) => {
      if (this.count < this.data.length) this.#readOne(one);
      else one.skip();
      this.count += 1;
    });
  };

  #wide(data: BigInt64Array | BigUint64Array): (reader: Reader) => void {
    const halves = new Int32Array(data.buffer);
    return (reader) => {
      const { low, high } = readBits(reader);
      halves[2 * this.count] = low;
      halves[2 * this.count + 1] = high;
    };
  }

  #narrow(datatype: Datatype, data: TensorData, path: string): (reader: Reader) => void {
    const write = elementWriter(datatype, data, true);
    const isSigned = CONTENTS[datatype]?.name === 'int_contents';
    return (reader) => {
      const value = datatype === 'BOOL' ? reader.bool() : isSigned ? reader.int32() : reader.uint32();
      const problem = write(this.count, value);
      if (problem !== undefined) throw invalidInput(`${path}[${this.count}]`, problem);
    };
  }
}

/** Text must be UTF-8: that is what ONNX strings are. */
class Texts implements Elements {
  readonly data: string[] = [];
  count = 0;
  readonly #room: number;
  readonly #path: string;

  constructor(room: number, path: string) {
    this.#room = room;
    this.#path = path;
  }

  readonly read: FieldReader = (reader, wireType) => {
    const bytes = readBytes(reader, wireType);
    if (this.count < this.#room) this.data.push(decodeText(bytes, `${this.#path}[${this.count}]`));
    this.count += 1;
  };
}
