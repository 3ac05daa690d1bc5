import type { Label, ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { stringifyJson } from '../protocol/stringify-json.ts';
import { DATATYPES } from '../tensor/datatype.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { Datatype } from '../tensor/tensor.ts';

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. Names that a model chose are keys of Maps, which keep any name and its place. */
export type Schema = { readonly [keyword: string]: JsonValue };

/** Fits everything. */
export const ANYTHING: Schema = {};

/** What fits any of the schemas; equal ones are written once. */
export function anyOf(schemas: readonly Schema[]): Schema {
  const distinct = [...new Map(schemas.map((schema) => [stringifyJson(schema), schema])).values()];
  return distinct.length === 1 ? (distinct[0] ?? ANYTHING) : { anyOf: distinct };
}

/** Largest finite value of a float type; larger numbers are refused. */
const LARGEST: Partial<Record<Datatype, number>> = { FP16: 65_504, FP32: 3.402_823_466_385_288_6e38 };
const FORMATS: Partial<Record<Datatype, string>> = {
  FP32: 'float',
  FP64: 'double',
  INT32: 'int32',
  INT64: 'int64',
};

/** One element of an input. Other spellings are taken too (docs/http-api.md, "Values"); this is what a client should send. */
export function elementSchema(datatype: Datatype): Schema {
  const { kind, range } = DATATYPES[datatype];
  if (kind === 'bool') return { type: 'boolean' };
  if (kind === 'string') return { type: 'string', pattern: String.raw`^[^\u0000]*$` };
  const format = FORMATS[datatype] === undefined ? {} : { format: FORMATS[datatype] };
  if (range) return { type: 'integer', ...format, minimum: range[0], maximum: range[1] };
  const largest = LARGEST[datatype];
  const bounds = largest === undefined ? {} : { minimum: -largest, maximum: largest };
  return { type: ['number', 'null'], ...format, ...bounds };
}

/** Lists nested to `shape`, -1 for any length of at least one. */
export function nestedSchema(element: Schema, shape: readonly number[]): Schema {
  return shape.reduceRight<Schema>((items, length) => {
    const lengths = length === -1 ? { minItems: 1 } : { minItems: length, maxItems: length };
    return { type: 'array', items, ...lengths };
  }, element);
}

/** What one row (without a batch axis: the whole input) holds for an input. A column's value comes bare or as a list of one. */
export function inputValueSchema({ datatype, shape }: TensorSpec, batched: boolean): Schema {
  const inner = batched ? shape?.slice(1) : shape;
  if (!inner) return { description: `${datatype} of any shape: a value, or nested lists` };
  const element = elementSchema(datatype);
  if (inner.length === 1 && inner[0] === 1) return anyOf([element, nestedSchema(element, inner)]);
  return nestedSchema(element, inner);
}

const OUTPUT_TYPES = { bool: 'boolean', integer: 'integer', float: 'number', string: 'string' } as const;

/** JSON Schema's word for the type of an output's elements. */
export function outputType(datatype: Datatype): string {
  return OUTPUT_TYPES[DATATYPES[datatype].kind];
}

/** One element of an output: NaN and infinities come as null. */
export function outputElementSchema(datatype: Datatype): Schema {
  const type = outputType(datatype);
  return { type: type === 'number' ? [type, 'null'] : type };
}

/** What a prediction shows of an output. Lengths are left open: exporters declare them wrongly now and then. */
export function outputValueSchema({ datatype, shape }: TensorSpec, signature: ModelSignature): Schema {
  if (!shape) return ANYTHING;
  const whole = openNested(datatype, shape);
  if (!signature.batched || shape.length === 0) return whole;
  const inner = openNested(datatype, shape.length === 2 && shape[1] === 1 ? [] : shape.slice(1));
  const isCut = shape[0] === -1 || shape[0] === signature.fixedBatch;
  // An output with a length of its own is shown whole, unless there happen to be that many rows.
  return isCut ? inner : anyOf([inner, whole]);
}

function openNested(datatype: Datatype, shape: readonly number[]): Schema {
  return shape.reduce<Schema>((items) => ({ type: 'array', items }), outputElementSchema(datatype));
}

/** JSON Schema's word for the type of a class label. */
export function labelType(label: Label): string {
  if (typeof label === 'number') return Number.isInteger(label) ? 'integer' : 'number';
  return typeof label === 'bigint' ? 'integer' : typeof label;
}
