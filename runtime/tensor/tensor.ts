/**
 * Wire names of the Open Inference Protocol. BF16 has no JavaScript array and no onnxruntime-node support, so it is left out.
 * https://github.com/kserve/open-inference-protocol
 */
export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

/** BOOL is one byte a value (0 or 1), FP16 the raw bits, BYTES a list of strings. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

/** A named-less tensor: row-major data, one element per product of `shape`. Scalars have shape `[]`. */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type NamedTensors = ReadonlyMap<string, Tensor>;
