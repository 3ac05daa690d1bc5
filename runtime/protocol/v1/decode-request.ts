import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import { describeValue, quote } from '../describe.ts';
import { WideInteger } from '../element-writer.ts';
import type { ValueSource } from '../fill-tensor.ts';
import { refuseMisspeltKeys } from '../known-keys.ts';
import { DEFAULT_JSON_LIMITS, parseJson, parseJsonExactly, type JsonLimits } from '../parse-json.ts';
import { decodePlainRows } from './decode-plain-rows.ts';
import { decodeColumns } from './decode-columns.ts';
import { decodeOutputs, decodeParameters, type V1Parameters } from './decode-options.ts';
import { decodeRows } from './decode-rows.ts';
import { decodeSplit, isSplit } from '../table/decode-split.ts';
import { type DecodedInputs, isObject, type JsonObject } from '../decoded-inputs.ts';

/** A V1 predict request whose tensors fit the model's signature. */
export interface V1Request {
  /** Every graph input. With a batched model axis 0 of each is `rows`. The receiver owns the buffers. */
  readonly feeds: NamedTensors;
  /** 1 for a model without batch axis. */
  readonly rows: number;
  readonly parameters: V1Parameters;
  /** Graph outputs asked for by name, to be shown raw; undefined: as the model's task presents them. */
  readonly outputs: readonly string[] | undefined;
  /** `instances` is answered with `predictions` (rows), `inputs` with `outputs` (columns). */
  readonly form: 'instances' | 'inputs';
}

/**
 * Decodes the body of `POST /v1/models/NAME:predict` (KServe V1, TensorFlow Serving). Work and memory are linear in the body.
 * https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol, https://www.tensorflow.org/tfx/serving/api_rest
 * @throws RequestError InvalidInput, message with the field path first
 */
export function decodeV1Request(
  body: Uint8Array | string,
  signature: ModelSignature,
  limits: JsonLimits = DEFAULT_JSON_LIMITS,
): V1Request {
  const plain = typeof body === 'string' ? undefined : decodePlainRows(body, signature);
  if (plain) return { ...plain, parameters: { topK: undefined }, outputs: undefined, form: 'instances' };
  return decodeAnyV1Request(body, signature, limits);
}

/** The same for bodies of any form, by way of the parsed document. */
export function decodeAnyV1Request(
  body: Uint8Array | string,
  signature: ModelSignature,
  limits: JsonLimits = DEFAULT_JSON_LIMITS,
): V1Request {
  const { value, text } = parseJson(body, limits);
  try {
    return decodeDocument(value, signature, { characters: text.length, exact: false });
  } catch (error) {
    if (!(error instanceof WideInteger)) throw error;
    return decodeDocument(parseJsonExactly(text), signature, { characters: text.length, exact: true });
  }
}

/** What may be asked for beside the rows, not yet checked. */
export interface V1Options {
  readonly parameters?: unknown;
  /** Names of graph outputs. */
  readonly outputs?: unknown;
}

/**
 * A request that is answered with `predictions`, of inputs that came in any form.
 * @throws RequestError InvalidInput for options that do not fit the model
 */
export function requestOf(inputs: DecodedInputs, options: V1Options, signature: ModelSignature): V1Request {
  return { ...inputs, ...decodeOptions(options, signature), form: 'instances' };
}

function decodeOptions(options: V1Options, signature: ModelSignature): Pick<V1Request, 'parameters' | 'outputs'> {
  const parameters = decodeParameters(options.parameters, signature);
  const outputs = decodeOutputs(options.outputs, signature);
  if (outputs && parameters.topK !== undefined) {
    throw invalidInput('parameters.topK', 'cannot be combined with "outputs", which asks for raw tensors');
  }
  return { parameters, outputs };
}

function decodeDocument(document: unknown, signature: ModelSignature, source: ValueSource): V1Request {
  const frame = decodeDataFrame(document, signature, source);
  if (frame) return requestOf(frame, isObject(document) ? document : {}, signature);
  const body = requireObject(document);
  const { parameters, outputs } = decodeOptions(body, signature);
  const { instances, inputs } = body;
  if (inputs !== undefined && !Array.isArray(inputs)) {
    if (!isObject(inputs))
      throw invalidInput('inputs', `expected a list of rows or an object, got ${describeValue(inputs)}`);
    return { ...decodeColumns(inputs, signature, source), parameters, outputs, form: 'inputs' };
  }
  const [key, rows] = instances === undefined ? (['inputs', inputs] as const) : (['instances', instances] as const);
  if (!Array.isArray(rows)) {
    throw invalidInput(key, `expected a list of rows, got ${describeValue(rows)}; put it in a list: {"${key}": [...]}`);
  }
  if (rows.length === 0) throw invalidInput(key, 'expected at least one row, got an empty list');
  return { ...decodeRows(rows, key, signature, source), parameters, outputs, form: 'instances' };
}

/** A DataFrame as pandas writes it, bare or under MLflow's names; undefined for every other document. */
function decodeDataFrame(document: unknown, signature: ModelSignature, source: ValueSource): DecodedInputs | undefined {
  if (Array.isArray(document)) {
    const isRecords = document.length > 0 && isObject(document[0]);
    return isRecords ? decodeRows(document, 'body', signature, source) : undefined;
  }
  if (!isObject(document) || Object.hasOwn(document, 'instances') || Object.hasOwn(document, 'inputs'))
    return undefined;
  const { dataframe_split: split, dataframe_records: records } = document;
  if (split !== undefined && records === undefined) return decodeSplit(split, 'dataframe_split', signature, source);
  if (records !== undefined && split === undefined) return decodeRecords(records, signature, source);
  return isSplit(document) ? decodeSplit(document, '', signature, source) : undefined;
}

function decodeRecords(records: unknown, signature: ModelSignature, source: ValueSource): DecodedInputs {
  const key = 'dataframe_records';
  if (!Array.isArray(records)) throw invalidInput(key, `expected a list of rows, got ${describeValue(records)}`);
  if (records.length === 0) throw invalidInput(key, 'expected at least one row, got an empty list');
  return decodeRows(records, key, signature, source);
}

const KEYS = [
  'instances',
  'inputs',
  'parameters',
  'outputs',
  'signature_name',
  'dataframe_split',
  'dataframe_records',
] as const;

/** The body as an object with exactly one of `instances` and `inputs`. Keys that look like a misspelt known one are refused, others ignored. */
function requireObject(document: unknown): JsonObject {
  if (!isObject(document)) {
    const hint = Array.isArray(document) ? '; wrap the rows: {"instances": [...]}' : '';
    throw invalidInput(
      'body',
      `expected an object with "instances" or "inputs", got ${describeValue(document)}${hint}`,
    );
  }
  refuseMisspeltKeys(document, KEYS, 'body');
  const has = (key: string): boolean => Object.hasOwn(document, key);
  if (has('instances') && has('inputs')) {
    throw invalidInput('body', 'expected either "instances" or "inputs", got both');
  }
  if (!has('instances') && !has('inputs')) {
    const keys = Object.keys(document);
    const got = keys.length === 0 ? 'an empty object' : `only ${keys.slice(0, 5).map(quote).join(', ')}`;
    throw invalidInput('body', `expected "instances" (a list of rows) or "inputs", got ${got}`);
  }
  return document;
}
