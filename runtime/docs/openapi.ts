import { ERROR_STATUS } from '../errors.ts';
import type { JsonValue } from '../tensor/element.ts';
import { answerSchemas } from './answer-schemas.ts';
import { allCalls, type DocumentedModel } from './calls.ts';
import { operation } from './operation.ts';
import { requestSchemas } from './request-schemas.ts';
import { v2Schemas } from './v2-schemas.ts';
import type { Schema } from './value-schema.ts';

/** The OpenAPI 3.1 document of one model. @param version of this software */
export function openApiDocument(model: DocumentedModel, version: string): Schema {
  const { name, generation, signature } = model;
  const paths = new Map<string, JsonValue>();
  for (const call of allCalls(model)) {
    paths.set(call.path, { [call.method]: operation(call) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: name,
      version: generation,
      summary: `Predictions of the model ${name}`,
      description: `Served by modeldeployment ${version}. The version is the generation of the model's file.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    security: [],
    tags: [
      { name: 'predict', description: 'Predictions, as KServe V1, TensorFlow Serving and Vertex AI ask for them' },
      { name: 'model', description: 'What the model takes and gives' },
      { name: 'health', description: 'Health checks' },
      { name: 'v2', description: 'The Open Inference Protocol (KServe V2, Triton)' },
    ],
    paths,
    components: {
      schemas: { ...requestSchemas(signature), ...answerSchemas(signature), ...v2Schemas(signature), ...SHARED },
      headers: {
        'X-Request-Id': { description: 'As it was sent, else a new one.', schema: { type: 'string' } },
        'X-Model-Generation': { description: "Generation of the model's file.", schema: { type: 'string' } },
      },
    },
  };
}

const TEXT: Schema = { type: 'string' };
const FLAG: Schema = { type: 'boolean' };

const SHARED: Record<string, Schema> = {
  Error: {
    type: 'object',
    properties: {
      error: { description: 'The place in the body, what was expected, and what came.', type: 'string' },
      code: { type: 'string', enum: Object.keys(ERROR_STATUS) },
      example: { description: 'A body that this model takes.' },
    },
    required: ['error', 'code'],
  },
  Health: { type: 'object', properties: { status: TEXT }, required: ['status'] },
  V2Health: { type: 'object', properties: { live: FLAG, ready: FLAG } },
  ModelReadiness: { type: 'object', properties: { name: TEXT, ready: FLAG }, required: ['name', 'ready'] },
  ModelList: { type: 'object', properties: { models: { type: 'array', items: TEXT } }, required: ['models'] },
};
