import { WIRE } from '../../../runtime/onnx/wire.ts';
import { bytesField, concatBytes, varintField } from '../../../runtime/onnx/wire-encode.ts';

/** Small ONNX models written field by field, for what no exporter would write. Field numbers: onnx.proto. */
export type Dimension = number | string | null;

export const tensorType = (elemType: number, shape?: readonly Dimension[]): Uint8Array =>
  bytesField(
    1,
    concatBytes([varintField(1, elemType), ...(shape ? [bytesField(2, concatBytes(shape.map(dimension)))] : [])]),
  );

function dimension(size: Dimension): Uint8Array {
  if (size === null) return bytesField(1, '');
  return bytesField(1, typeof size === 'number' ? varintField(1, size) : bytesField(2, size));
}

/** seq(element) */
export const sequenceType = (element: Uint8Array): Uint8Array => bytesField(4, bytesField(1, element));
/** map(key, value) */
export const mapType = (keyType: number, value: Uint8Array): Uint8Array =>
  bytesField(5, concatBytes([varintField(1, keyType), bytesField(2, value)]));
/** optional(element) */
export const optionalType = (element: Uint8Array): Uint8Array => bytesField(9, bytesField(1, element));

export const valueInfo = (name: string, type?: Uint8Array): Uint8Array =>
  concatBytes([bytesField(1, name), ...(type ? [bytesField(2, type)] : [])]);

export const FLOAT = 1;
export const INT64 = 7;
export const STRING = 8;
export const DOUBLE = 11;

export const attribute = {
  float: (name: string, value: number) =>
    concatBytes([bytesField(1, name), Uint8Array.of((2 << 3) | WIRE.fixed32), floatBytes(value), varintField(20, 1)]),
  int: (name: string, value: number) => concatBytes([bytesField(1, name), varintField(3, value), varintField(20, 2)]),
  string: (name: string, value: string) => concatBytes([bytesField(1, name), bytesField(4, value), varintField(20, 3)]),
  strings: (name: string, values: readonly string[]) =>
    concatBytes([bytesField(1, name), ...values.map((value) => bytesField(9, value)), varintField(20, 8)]),
  ints: (name: string, values: readonly number[]) =>
    concatBytes([bytesField(1, name), ...values.map((value) => varintField(8, value)), varintField(20, 7)]),
  tensor: (name: string, value: Uint8Array) =>
    concatBytes([bytesField(1, name), bytesField(5, value), varintField(20, 4)]),
  graph: (name: string, value: Uint8Array) =>
    concatBytes([bytesField(1, name), bytesField(6, value), varintField(20, 5)]),
};

const floatBytes = (value: number) => new Uint8Array(Float32Array.of(value).buffer);

export interface NodeParts {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly domain?: string;
  readonly attributes?: readonly Uint8Array[];
}

export const node = ({ op, inputs = [], outputs = [], domain, attributes = [] }: NodeParts): Uint8Array =>
  concatBytes([
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    bytesField(4, op),
    ...attributes.map((bytes) => bytesField(5, bytes)),
    ...(domain === undefined ? [] : [bytesField(7, domain)]),
  ]);

export interface TensorParts {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly raw?: Uint8Array;
  readonly strings?: readonly string[];
  readonly external?: Readonly<Record<string, string>>;
}

export const tensor = ({ name, dataType, dims, raw, strings = [], external }: TensorParts): Uint8Array =>
  concatBytes([
    ...dims.map((size) => varintField(1, size)),
    varintField(2, dataType),
    ...strings.map((value) => bytesField(6, value)),
    bytesField(8, name),
    ...(raw ? [bytesField(9, raw)] : []),
    ...Object.entries(external ?? {}).map(([key, value]) =>
      bytesField(13, concatBytes([bytesField(1, key), bytesField(2, value)])),
    ),
    ...(external ? [varintField(14, 1)] : []),
  ]);

export interface GraphParts {
  readonly nodes: readonly Uint8Array[];
  readonly inputs?: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  readonly initializers?: readonly Uint8Array[];
  readonly valueInfos?: readonly Uint8Array[];
}

export const graph = ({ nodes, inputs = [], outputs, initializers = [], valueInfos = [] }: GraphParts): Uint8Array =>
  concatBytes([
    ...nodes.map((bytes) => bytesField(1, bytes)),
    bytesField(2, 'g'),
    ...initializers.map((bytes) => bytesField(5, bytes)),
    ...inputs.map((bytes) => bytesField(11, bytes)),
    ...outputs.map((bytes) => bytesField(12, bytes)),
    ...valueInfos.map((bytes) => bytesField(13, bytes)),
  ]);

export interface ModelParts {
  readonly irVersion?: number;
  readonly producer?: string;
  readonly opsets?: readonly (readonly [domain: string, version: number])[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export function model(graphBytes: Uint8Array, parts: ModelParts = {}): Uint8Array {
  const { irVersion = 8, producer = 'test', opsets = [['', 17]], metadata = {} } = parts;
  return concatBytes([
    varintField(1, irVersion),
    bytesField(2, producer),
    bytesField(7, graphBytes),
    ...opsets.map(([domain, version]) => bytesField(8, concatBytes([bytesField(1, domain), varintField(2, version)]))),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, concatBytes([bytesField(1, key), bytesField(2, value)])),
    ),
  ]);
}

/** y = Identity(x), both `[N,2]` of one element type: the smallest model. */
export const identityGraph = (type: Uint8Array = tensorType(FLOAT, ['N', 2])): Uint8Array =>
  graph({
    nodes: [node({ op: 'Identity', inputs: ['x'], outputs: ['y'] })],
    inputs: [valueInfo('x', type)],
    outputs: [valueInfo('y', type)],
  });
