import type { MessageReader } from './wire.ts';
import { bytesField, concatBytes, varintField } from './wire-encode.ts';

/** A tensor type as a file declares it. */
export interface TensorType {
  readonly kind: 'tensor';
  /** `TensorProto.DataType`. */
  readonly elemType: number;
  /** A size, a symbolic name, or -1 for an empty dimension; undefined when no shape is declared. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** What a ValueInfoProto declares a value to be. */
export type ValueType =
  | TensorType
  | { readonly kind: 'sequence' | 'optional'; readonly element: ValueType }
  | { readonly kind: 'map'; readonly keyType: number; readonly value: ValueType }
  | { readonly kind: 'sparse' | 'opaque' | 'unknown' };

/** A graph input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ValueType;
  /** The whole field in the file, tag included: bytes `[fieldStart, fieldEnd)`. */
  readonly fieldStart: number;
  readonly fieldEnd: number;
}

const UNKNOWN: ValueType = { kind: 'unknown' };
/** ValueInfoProto {name=1, type=2}. */
const VALUE_INFO = { name: 1, type: 2 } as const;
/** TypeProto {tensor_type=1, sequence_type=4, map_type=5, opaque_type=7, sparse_tensor_type=8, optional_type=9}. */
const TYPE = { tensor: 1, sequence: 4, map: 5, opaque: 7, sparse: 8, optional: 9 } as const;
/** TypeProto.Tensor {elem_type=1, shape=2 {dim=1 {dim_value=1, dim_param=2}}}. */
const TENSOR = { elemType: 1, shape: 2 } as const;

/** Decodes the field the reader is at as a ValueInfoProto. */
export function readValueInfo(field: MessageReader): ValueInfo {
  const message = field.message();
  let name = '';
  let type = UNKNOWN;
  while (message.next()) {
    if (message.field === VALUE_INFO.name) name = message.text();
    else if (message.field === VALUE_INFO.type) type = readType(message.message());
  }
  field.input.keep();
  return { name, type, fieldStart: field.fieldStart, fieldEnd: field.payloadEnd };
}

function readType(message: MessageReader): ValueType {
  let type = UNKNOWN;
  while (message.next()) {
    switch (message.field) {
      case TYPE.tensor:
        type = readTensorType(message.message());
        break;
      case TYPE.sequence:
        type = { kind: 'sequence', element: readElementType(message.message()) };
        break;
      case TYPE.optional:
        type = { kind: 'optional', element: readElementType(message.message()) };
        break;
      case TYPE.map:
        type = readMapType(message.message());
        break;
      case TYPE.sparse:
        type = { kind: 'sparse' };
        break;
      case TYPE.opaque:
        type = { kind: 'opaque' };
        break;
      default:
    }
  }
  return type;
}

function readElementType(message: MessageReader): ValueType {
  let element = UNKNOWN;
  while (message.next()) if (message.field === 1) element = readType(message.message());
  return element;
}

function readMapType(message: MessageReader): ValueType {
  let keyType = 0;
  let value = UNKNOWN;
  while (message.next()) {
    if (message.field === 1) keyType = message.number();
    else if (message.field === 2) value = readType(message.message());
  }
  return { kind: 'map', keyType, value };
}

function readTensorType(message: MessageReader): TensorType {
  let elemType = 0;
  let shape: (number | string)[] | undefined;
  while (message.next()) {
    if (message.field === TENSOR.elemType) elemType = message.number();
    else if (message.field === TENSOR.shape) shape = readShape(message.message());
  }
  return { kind: 'tensor', elemType, shape };
}

function readShape(message: MessageReader): (number | string)[] {
  const shape: (number | string)[] = [];
  while (message.next()) {
    if (message.field !== 1) continue;
    message.input.keep();
    shape.push(readDimension(message.message()));
  }
  return shape;
}

function readDimension(message: MessageReader): number | string {
  let dimension: number | string = -1;
  while (message.next()) {
    if (message.field === 1) dimension = message.number();
    else if (message.field === 2) dimension = message.text() || -1;
  }
  return dimension;
}

/** A declared shape as a signature states it: -1 wherever the size is not fixed. */
export function signatureShape(shape: TensorType['shape']): number[] | undefined {
  return shape?.map((dimension) => (typeof dimension === 'number' && dimension >= 0 ? dimension : -1));
}

/** A ValueInfoProto of a tensor, as the payload of a graph's `input` or `output` field. */
export function encodeTensorInfo(name: string, { elemType, shape }: TensorType): Uint8Array {
  const tensor = [varintField(TENSOR.elemType, elemType)];
  if (shape) tensor.push(bytesField(TENSOR.shape, concatBytes(shape.map(encodeDimension))));
  const type = bytesField(TYPE.tensor, concatBytes(tensor));
  return concatBytes([bytesField(VALUE_INFO.name, name), bytesField(VALUE_INFO.type, type)]);
}

function encodeDimension(dimension: number | string): Uint8Array {
  if (typeof dimension === 'string') return bytesField(1, bytesField(2, dimension));
  return bytesField(1, dimension < 0 ? new Uint8Array(0) : varintField(1, dimension));
}

/** `seq(map(string,tensor(float)))`, for messages. */
export function formatType(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
      return `tensor(${elemTypeName(type.elemType)})`;
    case 'sequence':
      return `seq(${formatType(type.element)})`;
    case 'optional':
      return `optional(${formatType(type.element)})`;
    case 'map':
      return `map(${elemTypeName(type.keyType)},${formatType(type.value)})`;
    default:
      return type.kind;
  }
}

/** Names of `TensorProto.DataType`, by number. */
const ELEM_TYPE_NAMES =
  'undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2'.split(
    ' ',
  );

/** `float`, `int64`, ...; the number itself for a type that is newer than this table. */
export function elemTypeName(elemType: number): string {
  return ELEM_TYPE_NAMES[elemType] ?? `type ${elemType}`;
}
