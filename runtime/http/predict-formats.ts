import { RequestError } from '../errors.ts';
import type { ModelSignature } from '../onnx/signature.ts';
import type { Computed } from '../predictor.ts';
import { decodeCsvRequest, type CsvHeader } from '../protocol/csv/decode-request.ts';
import { encodeCsvResponse } from '../protocol/csv/encode-response.ts';
import { decodeNpyRequest } from '../protocol/npy/decode-request.ts';
import { decodeV1Request, type V1Options, type V1Request } from '../protocol/v1/decode-request.ts';
import { encodeV1Classes } from '../protocol/v1/encode-classes.ts';
import { encodeV1Response, type V1Form } from '../protocol/v1/encode-response.ts';
import { type HttpAnswer, JSON_TYPE } from './answer.ts';
import { requireJson } from './read-body.ts';

/** Decodes the bytes of a predict request. */
export interface BodyFormat {
  readonly decode: (body: Uint8Array, signature: ModelSignature) => V1Request;
  /** Whether an example in JSON helps who sent a wrong body. */
  readonly isJson: boolean;
}

const CSV_TYPE = /^\s*text\/csv\s*(?:;|$)/i;
const NPY_TYPE = /^\s*application\/x-npy\s*(?:;|$)/i;
const CSV_HEADER = /;\s*header\s*=\s*"?(present|absent)"?\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/**
 * How to read a predict request: V1 JSON, CSV or .npy, by its content type.
 * @throws RequestError UnsupportedMediaType
 */
export function bodyFormatOf(contentType: string | undefined, querystring: string): BodyFormat {
  const type = contentType ?? '';
  if (type === 'application/json') return JSON_FORMAT;
  if (CSV_TYPE.test(type)) {
    const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
    if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) throw new RequestError('UnsupportedMediaType', 'CSV must be in UTF-8');
    const header = CSV_HEADER.exec(type)?.[1]?.toLowerCase() as CsvHeader;
    const options = optionsIn(querystring);
    return { decode: (body, signature) => decodeCsvRequest(body, signature, header, options), isJson: false };
  }
  if (NPY_TYPE.test(type)) {
    const options = optionsIn(querystring);
    return { decode: (body, signature) => decodeNpyRequest(body, signature, options), isJson: false };
  }
  requireJson(contentType);
  return JSON_FORMAT;
}

const JSON_FORMAT: BodyFormat = { decode: (body, signature) => decodeV1Request(body, signature), isJson: true };

/** Bodies that are nothing but rows have their options in the query: `?topK=3`, `?outputs=a&outputs=b`. */
function optionsIn(querystring: string): V1Options {
  const query = new URLSearchParams(querystring);
  const topK = query.get('topK');
  const outputs = query.getAll('outputs');
  return {
    parameters: topK === null ? undefined : { topK: /^\d{1,15}$/.test(topK) ? Number(topK) : topK },
    outputs: outputs.length === 0 ? undefined : outputs,
  };
}

/** The answer as JSON, or as CSV. @throws RequestError InferenceFailed */
export function encodePrediction(
  computed: Computed,
  form: V1Form & { readonly rows: number },
  asCsv: boolean,
): HttpAnswer {
  const { warnings } = computed;
  if (!asCsv) return { status: 200, contentType: JSON_TYPE, body: encodeJson(computed, form), headers: [] };
  return {
    status: 200,
    contentType: 'text/csv; charset=utf-8; header=present',
    body: encodeCsvResponse(computed.predictions()),
    headers: warnings.length > 0 ? [['X-Model-Warnings', asciiJson(warnings)]] : [],
  };
}

function encodeJson(computed: Computed, form: V1Form & { readonly rows: number }): string {
  const { warnings } = computed;
  const classes = form.form === 'instances' ? computed.classes() : undefined;
  if (classes) return encodeV1Classes(classes, form.rows, warnings);
  return encodeV1Response({ predictions: computed.predictions(), warnings }, form);
}

/** JSON that can stand in a header. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
