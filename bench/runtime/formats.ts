import type { BenchModel, Row } from './models.ts';

/** A body and the headers that say what it is. */
export interface EncodedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer as it came. */
export interface RawResponse {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** How rows and answers look on the wire. */
export interface Format {
  readonly title: string;
  encode(model: BenchModel, rows: readonly Row[]): EncodedRequest;
  /** Probabilities by row, in the order of the classes. @throws Error for an answer of another form */
  decode(response: RawResponse, model: BenchModel): number[][];
}

interface V1Response {
  readonly predictions: readonly { readonly probabilities: Readonly<Record<string, number>> }[];
}

const JSON_HEADERS = { 'Content-Type': 'application/json' };
const JSON_LENGTH = 'Inference-Header-Content-Length';

/** `{"instances": [...]}` and `{"predictions": [{"label", "probabilities"}]}`. */
export const V1: Format = {
  title: 'V1 JSON',
  encode: encodeRows,
  decode({ body }, { golden }) {
    const { predictions } = JSON.parse(body.toString()) as V1Response;
    return predictions.map(({ probabilities }) => golden.labels.map((label) => probabilities[String(label)]!));
  },
};

/** `{"instances": [...]}` and the probabilities as bare lists in `predictions`, as servers written by hand answer. */
export const V1_BARE: Format = {
  title: 'JSON rows, bare lists',
  encode: encodeRows,
  decode: ({ body }) => (JSON.parse(body.toString()) as { predictions: number[][] }).predictions,
};

/** The same request, answered with a bare list of lists. */
export const LISTS: Format = {
  title: 'JSON rows, bare lists',
  encode: encodeRows,
  decode: ({ body }) => JSON.parse(body.toString()) as number[][],
};

/** Open Inference Protocol in JSON. */
export const V2_JSON: Format = {
  title: 'V2 JSON',
  encode({ input = missingInput() }, rows) {
    const width = (rows[0] as readonly number[]).length;
    const data = (rows as readonly (readonly number[])[]).flat();
    const inputs = [{ name: input, shape: [rows.length, width], datatype: 'FP32', data }];
    return { headers: JSON_HEADERS, body: Buffer.from(JSON.stringify({ inputs })) };
  },
  decode({ body }, { golden }) {
    const { outputs } = JSON.parse(body.toString()) as { outputs: [{ data: number[] }] };
    return toRows(outputs[0].data, golden.labels.length);
  },
};

/** Open Inference Protocol with tensors as bytes behind the JSON, both ways; asks for the probabilities only. */
export const V2_BINARY: Format = {
  title: 'V2 binary',
  encode({ input = missingInput(), output }, rows) {
    const width = (rows[0] as readonly number[]).length;
    const data = Float32Array.from((rows as readonly (readonly number[])[]).flat());
    const head = JSON.stringify({
      inputs: [
        {
          name: input,
          shape: [rows.length, width],
          datatype: 'FP32',
          parameters: { binary_data_size: data.byteLength },
        },
      ],
      outputs: [{ name: output, parameters: { binary_data: true } }],
    });
    const headers = { 'Content-Type': 'application/octet-stream', [JSON_LENGTH]: String(Buffer.byteLength(head)) };
    return { headers, body: Buffer.concat([Buffer.from(head), Buffer.from(data.buffer)]) };
  },
  decode({ headers, body }, { golden }) {
    const classes = golden.labels.length;
    const bytes = body.subarray(Number(headers.get(JSON_LENGTH)));
    const values = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
    return toRows(values, classes);
  },
};

function encodeRows(_: BenchModel, rows: readonly Row[]): EncodedRequest {
  return { headers: JSON_HEADERS, body: Buffer.from(JSON.stringify({ instances: rows })) };
}

function toRows(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}

function missingInput(): never {
  throw new Error('a model with an input per column has no V2 binary form here');
}
