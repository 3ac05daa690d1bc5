import { isDeepStrictEqual } from 'node:util';
import { exampleRequest } from '../../runtime/docs/example-request.ts';
import { inferRequest } from '../../runtime/docs/v2-schemas.ts';
import { RequestError } from '../../runtime/errors.ts';
import type { ModelSignature } from '../../runtime/onnx/signature.ts';
import { decodeCsvRequest } from '../../runtime/protocol/csv/decode-request.ts';
import { decodeNpyRequest } from '../../runtime/protocol/npy/decode-request.ts';
import { stringifyJson } from '../../runtime/protocol/stringify-json.ts';
import { decodeAnyV1Request, decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { decodeIndexRequest } from '../../runtime/protocol/v2/decode-index-request.ts';
import { decodeAnyV2Request, decodeV2Request } from '../../runtime/protocol/v2/decode-request.ts';
import { decodeInferRequest } from '../../runtime/protocol/v2-grpc/decode-request.ts';
import { encodeElements } from '../../runtime/protocol/v2-binary/encode-elements.ts';
import { decodeInferMessage, decodeNameMessage } from '../../runtime/protocol/v2-grpc/infer-message.ts';
import { allocateData } from '../../runtime/tensor/datatype.ts';
import { elementCount } from '../../runtime/tensor/shape.ts';
import type { NamedTensors, Tensor } from '../../runtime/tensor/tensor.ts';
import { encodeMessage } from './grpc-client.ts';
import { npyOf } from './npy.ts';
import { SAMPLES } from './signatures.ts';

/** Something that reads bytes of clients, and bytes that it takes. */
export interface FuzzedDecoder {
  readonly name: string;
  readonly seeds: readonly Seed[];
  /** @throws RequestError */
  readonly decode: (bytes: Uint8Array, signature: ModelSignature, count: number) => unknown;
}

/** A body, and the model that takes it. */
export type Seed = readonly [body: Uint8Array, signature: ModelSignature];

/** What means something in one of the formats. */
export const TOKENS: readonly string[] = [
  '{ } [ ] " , : ; \\ null true false NaN Infinity -Infinity -0 1e999 1e-999 9007199254740993 0.1e+2 -1 18446744073709551616',
  '"instances" "inputs" "outputs" "parameters" "dataframe_split" "columns" "data" "index" "name" "datatype" "shape"',
  '"binary_data_size" "binary_data" "b64" "FP32" "BYTES" "INT64" "__proto__" "constructor"',
  '\\ud800 \\u0000 [[[[[[[[[[[[[[[[[ é \u{1F600}',
]
  .flatMap((words) => words.split(' '))
  .concat(' ', '\n', '\r', '\t');

const MODELS: readonly ModelSignature[] = Object.values(SAMPLES);

/** Two rows of every input. */
function feedsOf({ inputs, batched }: ModelSignature): NamedTensors {
  return new Map(
    inputs.map(({ name, datatype, shape = [2, 2] }): [string, Tensor] => {
      const lengths = shape.map((length) => (length === -1 ? 2 : length));
      const whole = batched ? [2, ...lengths.slice(1)] : lengths;
      const data = allocateData(datatype, elementCount(whole));
      if (Array.isArray(data)) data.fill('a "text"');
      return [name, { datatype, shape: whole, data }];
    }),
  );
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const v1Bodies = (signature: ModelSignature): Uint8Array[] => {
  const rows = stringifyJson(exampleRequest(signature, { golden: undefined, feeds: feedsOf(signature) })!);
  return [
    bytesOf(rows),
    bytesOf(rows.replace('instances', 'inputs')),
    bytesOf(`${rows.slice(0, -1)}, "parameters": {"topK": 2}}`),
  ];
};
const v2Body = (signature: ModelSignature): Uint8Array => bytesOf(stringifyJson(inferRequest(feedsOf(signature))));

/** V2 with the tensors as bytes behind the JSON, and how long the JSON is. */
function binaryBody(signature: ModelSignature): Uint8Array {
  const tensors = [...feedsOf(signature)].map(([name, tensor]) => ({ name, tensor, bytes: encodeElements(tensor) }));
  const inputs = tensors.map(({ name, tensor: { datatype, shape }, bytes }) => {
    return { name, datatype, shape, parameters: { binary_data_size: bytes.byteLength } };
  });
  return Buffer.concat([bytesOf(JSON.stringify({ inputs })), ...tensors.map(({ bytes }) => bytes)]);
}

function grpcMessage(signature: ModelSignature, isRaw: boolean): Uint8Array {
  const feeds = [...feedsOf(signature)];
  const inputs = feeds.map(([name, { datatype, shape }]) => {
    return { name, datatype, shape, ...(isRaw ? {} : { contents: { fp32_contents: [1, 2, 3, 4, 5, 6, 7, 8] } }) };
  });
  const raw = isRaw ? { raw_input_contents: feeds.map(([, tensor]) => encodeElements(tensor)) } : {};
  return encodeMessage('inference.ModelInferRequest', { model_name: 'iris', id: '7', inputs, ...raw });
}

/** The same body for every model. */
const forEach = (bodyOf: (signature: ModelSignature) => Uint8Array | readonly Uint8Array[]): Seed[] =>
  MODELS.flatMap((signature) => [bodyOf(signature)].flat().map((body): Seed => [body, signature]));

/** Bodies for one model. */
const forOne = (signature: ModelSignature, bodies: readonly Uint8Array[]): Seed[] =>
  bodies.map((body) => [body, signature]);

/** What a decoder made of a body: its result, or its refusal. */
function outcomeOf(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RequestError) return { code: error.code, message: error.message };
    throw error;
  }
}

/** @throws Error when the two ways to decode a body differ */
function same(short: () => unknown, general: () => unknown): unknown {
  const [one, other] = [outcomeOf(short), outcomeOf(general)];
  if (!isDeepStrictEqual(one, other)) throw new Error('the short way and the general way differ');
  return short();
}

const table = {
  columns: ['age', 'monthly_fee', 'plan', 'Amount (EUR)'],
  data: [
    [1, 2.5, 'a', 4],
    [1, 2.5, 'b', 4],
  ],
};
const records = [{ age: 1, monthly_fee: 2.5, plan: 'a', 'Amount (EUR)': 3 }];
const eightBytes = new Uint8Array(8);

/** Everything that reads what a client sends. */
export const DECODERS: readonly FuzzedDecoder[] = [
  {
    name: 'V1 JSON',
    seeds: forEach(v1Bodies),
    decode(bytes, signature) {
      return same(
        () => decodeV1Request(bytes, signature),
        () => decodeAnyV1Request(bytes, signature),
      );
    },
  },
  {
    name: 'pandas JSON',
    seeds: forOne(
      SAMPLES.customers,
      [{ dataframe_split: table }, table, { instances: records }, { dataframe_records: records }, records].map((body) =>
        bytesOf(JSON.stringify(body)),
      ),
    ),
    decode: (bytes, signature) => decodeV1Request(bytes, signature),
  },
  {
    name: 'V2 JSON',
    seeds: forEach(v2Body),
    decode(bytes, signature) {
      const body = { bytes, jsonBytes: undefined };
      return same(
        () => decodeV2Request(body, signature),
        () => decodeAnyV2Request(body, signature),
      );
    },
  },
  {
    name: 'V2 binary tensors',
    seeds: forEach(binaryBody),
    decode(bytes, signature, count) {
      const jsonBytes = count % 50 === 0 ? count % (bytes.length + 1) : Buffer.from(bytes).lastIndexOf('}') + 1;
      return decodeV2Request({ bytes, jsonBytes }, signature);
    },
  },
  {
    name: 'V2 bare tensor',
    seeds: forEach((signature) => encodeElements([...feedsOf(signature).values()][0]!)),
    decode: (bytes, signature) => decodeV2Request({ bytes, jsonBytes: 0 }, signature),
  },
  {
    name: 'V2 repository index',
    seeds: forOne(SAMPLES.iris, ['{"ready": true}', '{}'].map(bytesOf)),
    decode: (bytes) => decodeIndexRequest(bytes),
  },
  {
    name: 'gRPC ModelInfer',
    seeds: forEach((signature) => [grpcMessage(signature, true), grpcMessage(signature, false)]),
    decode: (bytes, signature) => decodeInferRequest(decodeInferMessage(bytes), signature),
  },
  {
    name: 'gRPC ModelReady',
    seeds: forOne(SAMPLES.iris, [encodeMessage('inference.ModelReadyRequest', { name: 'iris', version: '7' })]),
    decode: (bytes) => decodeNameMessage(bytes, 'ModelReadyRequest'),
  },
  {
    name: 'CSV',
    seeds: [
      ...forOne(SAMPLES.iris, ['1,2,3,4\n5,6,7,8\n', 'a,b,c,d\n1,2,3,4'].map(bytesOf)),
      ...forOne(SAMPLES.customers, [bytesOf('age,monthly_fee,plan,Amount (EUR)\n1,2.5,"a ""b""",3\r\n1,,c,4')]),
      ...forOne(SAMPLES.text, [bytesOf('text\n"a\nb"\n')]),
    ],
    decode(bytes, signature, count) {
      const header = (['present', 'absent', undefined] as const)[count % 3];
      return decodeCsvRequest(bytes, signature, header, {});
    },
  },
  {
    name: '.npy',
    seeds: [
      ...forOne(SAMPLES.iris, [
        npyOf('<f4', [2, 4], new Uint8Array(32)),
        npyOf('<f8', [2, 4], new Uint8Array(64), { fortranOrder: true }),
      ]),
      ...forOne(SAMPLES.wide, [npyOf('<i8', [1], eightBytes)]),
      ...forOne(SAMPLES.flags, [npyOf('|b1', [4, 2], eightBytes, { version: 2 })]),
      ...forOne(SAMPLES.text, [npyOf('<U2', [1, 1], eightBytes), npyOf('|S4', [2, 1], eightBytes)]),
    ],
    decode: (bytes, signature) => decodeNpyRequest(bytes, signature),
  },
];
