import type { ModelSignature } from '../onnx/signature.ts';
import { parseJsonExactly } from '../protocol/parse-json.ts';
import { decodeV1Request } from '../protocol/v1/decode-request.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { Call } from './operation.ts';
import { inferRequest } from './v2-schemas.ts';
import type { Schema } from './value-schema.ts';

/** What a document is about. */
export interface DocumentedModel {
  readonly name: string;
  readonly generation: string;
  readonly signature: ModelSignature;
  /** Text of a V1 request that the model answers; undefined when none is known. */
  readonly example: string | undefined;
}

/** Longer examples (images) are left to `/docs/example.json`. */
export const MAX_EXAMPLE_CHARACTERS = 20_000;

/** Every call of the data plane, in the order of the document. */
export function allCalls(model: DocumentedModel): Call[] {
  return [...predictCalls(model), ...modelCalls(model.name), ...healthCalls(), ...v2Calls(model)];
}

const TEXT: Schema = { type: 'string' };

const RUN_ERRORS = [
  'InvalidInput',
  'PayloadTooLarge',
  'UnsupportedMediaType',
  'Overloaded',
  'InferenceFailed',
  'ModelNotReady',
  'DeadlineExceeded',
] as const;

function exampleOf({ example }: DocumentedModel): string | undefined {
  return example !== undefined && example.length <= MAX_EXAMPLE_CHARACTERS ? example : undefined;
}

const TABLES = {
  'text/csv': 'Rows in UTF-8, with a header of column names or without; `topK` and `outputs` go into the query.',
  'application/x-npy': 'One array of numpy.save, for a model of one input.',
};
const CSV_ANSWER = { 'text/csv': 'To a client that prefers it by `Accept: text/csv`.' };

function predictCalls(model: DocumentedModel): Call[] {
  const text = exampleOf(model);
  const example = text === undefined ? undefined : (parseJsonExactly(text) as JsonValue);
  const call = {
    method: 'post',
    tag: 'predict',
    request: { schema: 'PredictRequest', description: 'Rows, or columns.', example, otherTypes: TABLES },
    answer: { schema: 'PredictAnswer', description: 'A prediction for each row.', otherTypes: CSV_ANSWER },
  } as const;
  const path = `/v1/models/${encodeURIComponent(model.name)}:predict`;
  return [
    { ...call, path: '/predict', id: 'predict', summary: 'Predict', errors: RUN_ERRORS },
    { ...call, path, id: 'predictV1', summary: 'Predict, by the name of the model', errors: RUN_ERRORS },
  ];
}

function modelCalls(name: string): Call[] {
  const path = `/v1/models/${encodeURIComponent(name)}`;
  const loading = ['ModelNotReady'] as const;
  const call = { method: 'get', tag: 'model' } as const;
  const anObject: Schema = { type: 'object' };
  return [
    {
      ...call,
      path: '/v1/models',
      id: 'listModels',
      summary: 'The name of the model',
      answer: { schema: 'ModelList', description: 'A list of one.' },
      errors: [],
    },
    {
      ...call,
      path,
      id: 'modelStatus',
      summary: 'Whether the model is ready',
      answer: { schema: anObject, description: 'As KServe and TensorFlow Serving say it.' },
      errors: loading,
    },
    {
      ...call,
      path: `${path}/metadata`,
      id: 'modelMetadata',
      summary: 'Inputs, outputs, task and labels',
      answer: { schema: anObject, description: 'Inputs and outputs; -1 stands for any length.' },
      errors: loading,
    },
  ];
}

function healthCalls(): Call[] {
  const call = { method: 'get', tag: 'health', errors: [] } as const;
  const v1 = { ...call, answer: { schema: 'Health', description: 'Well.' } };
  const v2 = { ...call, answer: { schema: 'V2Health', description: 'Well.' } };
  const [unwell, v2Unwell] = [{ $ref: '#/components/schemas/Health' }, { $ref: '#/components/schemas/V2Health' }];
  return [
    { ...v1, path: '/livez', id: 'live', summary: 'Whether the process is sane', unwell },
    { ...v1, path: '/readyz', id: 'ready', summary: 'Whether predictions can be asked for', unwell },
    { ...v2, path: '/v2/health/live', id: 'v2Live', summary: 'As /livez', unwell: v2Unwell },
    { ...v2, path: '/v2/health/ready', id: 'v2Ready', summary: 'As /readyz', unwell: v2Unwell },
  ];
}

/** The binary tensor extension of V2. */
const BINARY = {
  'application/octet-stream':
    'The JSON, followed by the bytes of the tensors that have `binary_data_size`; the header `Inference-Header-Content-Length` says where it ends.',
};

const SERVER: Schema = {
  type: 'object',
  properties: { name: TEXT, version: TEXT, extensions: { type: 'array', items: TEXT } },
  required: ['name', 'version', 'extensions'],
};

function v2Calls(model: DocumentedModel): Call[] {
  const path = `/v2/models/${encodeURIComponent(model.name)}`;
  const text = exampleOf(model);
  const example = text === undefined ? undefined : inferRequest(decodeV1Request(text, model.signature).feeds);
  const call = { method: 'get', tag: 'v2' } as const;
  const list: Schema = { type: 'array', items: { type: 'object' } };
  return [
    {
      ...call,
      path: '/v2',
      id: 'v2Server',
      summary: 'Name, version and extensions of this server',
      answer: { schema: SERVER, description: 'About the server.' },
      errors: [],
    },
    {
      ...call,
      path: '/v2/models',
      id: 'v2ListModels',
      summary: 'The name of the model',
      answer: { schema: 'ModelList', description: 'A list of one.' },
      errors: [],
    },
    {
      ...call,
      path,
      id: 'v2Model',
      summary: 'Inputs, outputs and how to read them',
      answer: { schema: 'ModelMetadata', description: 'About the model.' },
      errors: ['ModelNotReady'],
    },
    {
      ...call,
      path: `${path}/ready`,
      id: 'v2ModelReady',
      summary: 'Whether the model is ready',
      answer: { schema: 'ModelReadiness', description: 'Ready.' },
      errors: [],
      unwell: { $ref: '#/components/schemas/ModelReadiness' },
    },
    {
      ...call,
      method: 'post',
      path: `${path}/infer`,
      id: 'v2Infer',
      summary: 'Outputs of the graph for tensors',
      request: { schema: 'InferRequest', description: 'A tensor for each input.', example, otherTypes: BINARY },
      answer: { schema: 'InferAnswer', description: 'The outputs.', otherTypes: BINARY },
      errors: RUN_ERRORS,
    },
    {
      ...call,
      method: 'post',
      path: '/v2/repository/index',
      id: 'v2RepositoryIndex',
      summary: 'The model and its state',
      request: {
        schema: { type: 'object', properties: { ready: { type: ['boolean', 'null'] } } },
        description: 'Nothing, or whether only ready models are wanted.',
        isOptional: true,
      },
      answer: { schema: list, description: 'A list of one.' },
      errors: ['InvalidInput', 'PayloadTooLarge', 'ModelNotReady', 'DeadlineExceeded'],
    },
  ];
}
