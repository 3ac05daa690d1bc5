import { Buffer, isUtf8 } from 'node:buffer';
import { DATATYPES } from '../tensor/datatype.ts';
import { float16View } from '../tensor/element.ts';
import type { Datatype, TensorData } from '../tensor/tensor.ts';
import { describeValue } from './describe.ts';

/**
 * Stores a JSON value as element `index`, converted to exactly the declared datatype.
 * @returns what is wrong with the value, `expected ..., got ...`, or undefined once it is stored
 * @throws WideInteger when the value is an integer that JSON.parse has rounded
 */
export type ElementWriter = (index: number, value: unknown) => string | undefined;

/** An integer beyond 2^53 was met in a document parsed with rounding; parse again with `parseJsonExactly`. */
export class WideInteger extends Error {
  override readonly name = 'WideInteger';
}

/**
 * @param exact the document was parsed by `parseJsonExactly`, so that integers beyond 2^53 are bigint
 */
export function elementWriter(datatype: Datatype, data: TensorData, exact: boolean): ElementWriter {
  if (Array.isArray(data)) return stringWriter(data);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return wideIntegerWriter(datatype, data, exact);
  if (data instanceof Float32Array || data instanceof Float64Array) return floatWriter(datatype, data);
  if (datatype === 'FP16') return floatWriter(datatype, float16View(data as Uint16Array));
  return datatype === 'BOOL' ? boolWriter(data) : integerWriter(datatype, data);
}

/** Names that stand for values JSON has no number for. */
const NON_FINITE: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [null, Number.NaN],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function floatWriter(datatype: Datatype, data: Float32Array | Float64Array | Float16Array): ElementWriter {
  const other = (index: number, value: unknown): string | undefined => {
    const nonFinite = NON_FINITE.get(value);
    if (nonFinite !== undefined) {
      data[index] = nonFinite;
      return undefined;
    }
    if (typeof value === 'bigint' || typeof value === 'boolean') return write(index, Number(value));
    if (typeof value !== 'number') return `expected a number, got ${describeValue(value)}`;
    return `expected a number within the range of ${datatype}, got ${describeValue(value)}`;
  };
  const write = (index: number, value: unknown): string | undefined => {
    if (typeof value === 'number') {
      data[index] = value;
      // Finite once stored: neither a literal like 1e999 nor one too large for this width.
      if (Number.isFinite(data[index])) return undefined;
    }
    return other(index, value);
  };
  return write;
}

function integerWriter(
  datatype: Datatype,
  data: Exclude<TensorData, string[] | BigInt64Array | BigUint64Array>,
): ElementWriter {
  const [min = 0, max = 0] = (DATATYPES[datatype].range ?? []).map(Number);
  return (index, value) => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) return notInteger(value);
    if (number < min || number > max) return `expected an integer from ${min} to ${max}, got ${describeValue(value)}`;
    data[index] = number;
    return undefined;
  };
}

function wideIntegerWriter(datatype: Datatype, data: BigInt64Array | BigUint64Array, exact: boolean): ElementWriter {
  const [min = 0n, max = 0n] = DATATYPES[datatype].range ?? [];
  const write: ElementWriter = (index, value) => {
    if (typeof value === 'bigint') {
      if (value < min || value > max) return `expected an integer from ${min} to ${max}, got ${describeValue(value)}`;
      data[index] = value;
      return undefined;
    }
    if (typeof value === 'boolean') return write(index, BigInt(value));
    if (typeof value !== 'number' || !Number.isInteger(value)) return notInteger(value);
    if (Number.isSafeInteger(value)) return write(index, BigInt(value));
    if (!exact) throw new WideInteger();
    // Exact parsing leaves a number only where the literal has a fraction or more digits than 64 bits hold.
    return Math.abs(value) < 2 ** 63 ? notInteger(value) : write(index, BigInt(value));
  };
  return write;
}

function notInteger(value: unknown): string {
  const hint = value === null ? '; only float inputs can hold missing values' : '';
  return `expected an integer, got ${describeValue(value)}${hint}`;
}

function boolWriter(data: Exclude<TensorData, string[]>): ElementWriter {
  return (index, value) => {
    if (value !== true && value !== false && value !== 0 && value !== 1) {
      return `expected true or false, got ${describeValue(value)}`;
    }
    data[index] = Number(value);
    return undefined;
  };
}

function stringWriter(data: string[]): ElementWriter {
  return (index, value) => {
    const text = typeof value === 'string' ? value : textOfBase64(value);
    if (text === undefined) return notString(value);
    const problem = textProblem(text);
    if (problem === undefined) data[index] = text;
    return problem;
  };
}

/**
 * What is wrong with a text that goes to the model, or undefined: onnxruntime takes UTF-8, which has no place for half of a surrogate pair,
 * and onnxruntime-node 1.30 cuts a string off at U+0000 without a word.
 */
export function textProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return 'expected a string of whole characters, got one with half of a surrogate pair';
  return text.includes('\0')
    ? 'expected a string without the character U+0000, at which it would be cut off'
    : undefined;
}

function notString(value: unknown): string {
  if (isBase64Object(value)) return 'expected {"b64": ...} to hold base64 of UTF-8 text';
  const hint = typeof value === 'number' ? `; write it in quotes: "${value}"` : '';
  return `expected a string, got ${describeValue(value)}${hint}`;
}

/** TensorFlow Serving's way to send bytes: an object with the one key `b64`. */
export function isBase64Object(value: unknown): value is { readonly b64: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'b64') && Object.keys(value).length === 1;
}

function textOfBase64(value: unknown): string | undefined {
  if (!isBase64Object(value) || typeof value.b64 !== 'string') return undefined;
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value.b64)) return undefined;
  const bytes = Buffer.from(value.b64, 'base64');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
