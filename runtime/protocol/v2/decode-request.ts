import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { type DecodedInputs, isObject, type JsonObject } from '../decoded-inputs.ts';
import { describeValue, quote } from '../describe.ts';
import { WideInteger } from '../element-writer.ts';
import type { ValueSource } from '../fill-tensor.ts';
import { refuseMisspeltKeys } from '../known-keys.ts';
import { DEFAULT_JSON_LIMITS, type JsonLimits, parseJson, parseJsonExactly } from '../parse-json.ts';
import { BinarySection } from '../v2-binary/body.ts';
import { decodeBareInput } from '../v2-binary/decode-bare-input.ts';
import { decodeInputs, type TensorReader } from './decode-inputs.ts';
import { decodeOutputs, type WantedOutput } from './decode-outputs.ts';
import { decodeKnownHead, learnHead } from './known-heads.ts';
import { decodeFlag, decodeParameters } from './parameters.ts';
import { bodyTensorReader } from './decode-tensor.ts';
import { takePlainData } from './read-plain-data.ts';

/** A V2 inference request whose tensors fit the model's signature. The receiver owns the buffers. */
export interface V2Request extends DecodedInputs {
  /** Given back in the answer; undefined: none was sent. */
  readonly id: string | undefined;
  /** What the answer holds, in its order; at least one. */
  readonly outputs: readonly WantedOutput[];
}

/** The body of a V2 request, decompressed. */
export interface V2Body {
  readonly bytes: Uint8Array;
  /** Bytes of JSON at its start; undefined: all; 0: none (`jsonLengthOf`). */
  readonly jsonBytes: number | undefined;
}

export const V2_JSON_LIMITS: JsonLimits = { ...DEFAULT_JSON_LIMITS, example: '{"inputs": [...]}' };

/**
 * Decodes the body of `POST /v2/models/NAME/infer` of the Open Inference Protocol, with Triton's binary tensor extension: tensors in
 * JSON, as bytes behind it, mixed, or one tensor's bytes alone. Work and memory are linear in the body.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * @throws RequestError InvalidInput, message with the field path first
 */
export function decodeV2Request(
  { bytes, jsonBytes }: V2Body,
  signature: ModelSignature,
  limits: JsonLimits = V2_JSON_LIMITS,
): V2Request {
  if (jsonBytes === 0) {
    const outputs = decodeOutputs(undefined, true, signature);
    return { id: undefined, outputs, ...decodeBareInput(bytes, signature) };
  }
  const plain = jsonBytes === undefined ? decodePlainData(bytes, signature, limits) : undefined;
  return plain ?? decodeAnyV2Request({ bytes, jsonBytes }, signature, limits);
}

/** A body whose numbers can be read from its bytes; undefined for every other, also for one that is wrong. */
function decodePlainData(bytes: Uint8Array, signature: ModelSignature, limits: JsonLimits): V2Request | undefined {
  const plain = takePlainData(bytes);
  if (!plain) return undefined;
  try {
    return decodeV2Document(parseJson(plain.bytes, limits).value, signature, plain.readTensor);
  } catch {
    // The general way says what is wrong with the body as it was sent.
    return undefined;
  }
}

/** The same as decodeV2Request for bodies with JSON of any form, by way of the parsed document. */
export function decodeAnyV2Request(
  { bytes, jsonBytes }: V2Body,
  signature: ModelSignature,
  limits: JsonLimits = V2_JSON_LIMITS,
): V2Request {
  const head = bytes.subarray(0, jsonBytes);
  const binary = jsonBytes === undefined ? undefined : bytes.subarray(jsonBytes);
  const known = binary && decodeKnown(head, binary, signature);
  if (known) return known;
  const { value, text } = parseJson(head, limits);
  try {
    return decodeBody(value, signature, { characters: text.length, exact: false }, binary && { head, binary });
  } catch (error) {
    if (!(error instanceof WideInteger)) throw error;
    return decodeBody(
      parseJsonExactly(text),
      signature,
      { characters: text.length, exact: true },
      binary && { binary },
    );
  }
}

function decodeKnown(head: Uint8Array, binary: Uint8Array, signature: ModelSignature): V2Request | undefined {
  const section = new BinarySection(binary);
  const source = { characters: head.byteLength, exact: false };
  const request = decodeKnownHead(head, signature, bodyTensorReader(source, section));
  if (request) section.requireEnd();
  return request;
}

/** @param body its JSON, where that may come again, and the bytes behind it; undefined: it is JSON only */
function decodeBody(
  document: unknown,
  signature: ModelSignature,
  source: ValueSource,
  body: { readonly head?: Uint8Array; readonly binary: Uint8Array } | undefined,
): V2Request {
  const section = body && new BinarySection(body.binary);
  const readTensor = bodyTensorReader(source, section);
  const decode = (reader: TensorReader): V2Request => {
    const request = decodeV2Document(document, signature, reader);
    section?.requireEnd();
    return request;
  };
  return body?.head ? learnHead(body.head, signature, readTensor, decode) : decode(readTensor);
}

/**
 * Decodes a V2 request of any form once it is parsed: what is said about the tensors, and the elements by `readTensor`.
 * @param document `{id, parameters, inputs, outputs}` as the JSON body has them
 * @throws RequestError InvalidInput; what `readTensor` throws
 */
export function decodeV2Document(document: unknown, signature: ModelSignature, readTensor: TensorReader): V2Request {
  const body = requireObject(document);
  const id = decodeId(body['id']);
  const parameters = decodeParameters(body['parameters'], 'parameters');
  const binaryOutputs = decodeFlag(parameters, 'binary_data_output', 'parameters') ?? false;
  const outputs = decodeOutputs(body['outputs'], binaryOutputs, signature);
  return { id, outputs, ...decodeInputs(body['inputs'], signature, readTensor) };
}

const KEYS = ['id', 'parameters', 'inputs', 'outputs'] as const;

/** The body as an object with `inputs`. Keys that look like a misspelt known one are refused, others ignored. */
function requireObject(document: unknown): JsonObject {
  if (!isObject(document)) {
    throw invalidInput('body', `expected an object with "inputs", got ${describeValue(document)}`);
  }
  if (!Object.hasOwn(document, 'inputs') && Object.hasOwn(document, 'instances')) {
    const hint = 'send it to /v1/models/NAME:predict';
    throw invalidInput('body', `expected "inputs", got "instances" of the V1 protocol; ${hint}`);
  }
  refuseMisspeltKeys(document, KEYS, 'body');
  if (Object.hasOwn(document, 'inputs')) return document;
  const keys = Object.keys(document);
  const got = keys.length === 0 ? 'an empty object' : `only ${keys.slice(0, 5).map(quote).join(', ')}`;
  throw invalidInput('body', `expected "inputs" (a list of tensors), got ${got}`);
}

function decodeId(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidInput('id', `expected a string, got ${describeValue(value)}`);
  return value;
}
