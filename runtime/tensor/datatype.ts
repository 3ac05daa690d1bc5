import type { Datatype, TensorData } from './tensor.ts';

/** What one datatype is called elsewhere and how its values are held. */
export interface DatatypeInfo {
  readonly kind: 'bool' | 'integer' | 'float' | 'string';
  /** Bytes of one element in memory and on the wire; undefined where the length varies. */
  readonly bytesPerElement: number | undefined;
  /** `TensorProto.DataType` of onnx.proto. */
  readonly onnxElemType: number;
  /** `Tensor.type` of onnxruntime-node. */
  readonly ortType: string;
  /** Smallest and largest value, for integers. */
  readonly range?: readonly [min: bigint, max: bigint];
}

const integer = (
  bytesPerElement: 1 | 2 | 4 | 8,
  signed: boolean,
  onnxElemType: number,
  ortType: string,
): DatatypeInfo => {
  const bits = BigInt(bytesPerElement * 8);
  const range: [bigint, bigint] = signed ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  return { kind: 'integer', bytesPerElement, onnxElemType, ortType, range };
};

/**
 * The one table of datatypes: Open Inference Protocol name -> ONNX element type, onnxruntime-node type string, bytes, range.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (TensorProto.DataType)
 */
export const DATATYPES: Readonly<Record<Datatype, DatatypeInfo>> = {
  BOOL: { kind: 'bool', bytesPerElement: 1, onnxElemType: 9, ortType: 'bool' },
  UINT8: integer(1, false, 2, 'uint8'),
  UINT16: integer(2, false, 4, 'uint16'),
  UINT32: integer(4, false, 12, 'uint32'),
  UINT64: integer(8, false, 13, 'uint64'),
  INT8: integer(1, true, 3, 'int8'),
  INT16: integer(2, true, 5, 'int16'),
  INT32: integer(4, true, 6, 'int32'),
  INT64: integer(8, true, 7, 'int64'),
  FP16: { kind: 'float', bytesPerElement: 2, onnxElemType: 10, ortType: 'float16' },
  FP32: { kind: 'float', bytesPerElement: 4, onnxElemType: 1, ortType: 'float32' },
  FP64: { kind: 'float', bytesPerElement: 8, onnxElemType: 11, ortType: 'float64' },
  BYTES: { kind: 'string', bytesPerElement: undefined, onnxElemType: 8, ortType: 'string' },
};

const NAMES = Object.keys(DATATYPES) as Datatype[];
const BY_ONNX = new Map(NAMES.map((name) => [DATATYPES[name].onnxElemType, name]));
const BY_ORT = new Map(NAMES.map((name) => [DATATYPES[name].ortType, name]));

/** @returns undefined for types this runtime cannot hold (bfloat16, complex, float8, int4, ...) */
export function datatypeOfOnnx(elemType: number): Datatype | undefined {
  return BY_ONNX.get(elemType);
}

/** @returns undefined for types this runtime cannot hold */
export function datatypeOfOrt(type: string): Datatype | undefined {
  return BY_ORT.get(type);
}

export function isDatatype(value: unknown): value is Datatype {
  return typeof value === 'string' && Object.hasOwn(DATATYPES, value);
}

const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** Fresh zeroed data for `length` elements; empty strings for BYTES. The caller owns it. */
export function allocateData(datatype: Datatype, length: number): TensorData {
  return datatype === 'BYTES' ? Array.from({ length }, () => '') : new ARRAYS[datatype](length);
}

/**
 * Elements `[start, end)` of `data`. Typed arrays share memory with `data`; a list of strings is copied.
 */
export function sliceData(data: TensorData, start: number, end: number): TensorData {
  return Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end);
}
