import type { ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { servedShape } from '../protocol/v2/tensor-header.ts';
import { elementReader, type JsonValue } from '../tensor/element.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { anyOf, elementSchema, outputElementSchema, type Schema } from './value-schema.ts';

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const TEXT: Schema = { type: 'string' };
const PARAMETERS: Schema = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };

/** Schemas of the Open Inference Protocol for this model, by component name. Binary tensors are left to docs/http-api.md. */
export function v2Schemas({ inputs, outputs, batched }: ModelSignature): Record<string, Schema> {
  const [name, datatype] = [TEXT, TEXT];
  const shape: Schema = { type: 'array', items: { type: 'integer', minimum: -1 } };
  return {
    InferRequest: {
      type: 'object',
      properties: {
        id: { type: ['string', 'null'] },
        inputs: {
          type: 'array',
          items: anyOf(inputs.map((input) => inputTensor(input, batched))),
          minItems: inputs.length,
          maxItems: inputs.length,
        },
        outputs: { type: ['array', 'null'], items: requestedOutput(outputs), uniqueItems: true },
      },
      required: ['inputs'],
    },
    InferAnswer: {
      type: 'object',
      properties: {
        model_name: TEXT,
        model_version: TEXT,
        id: TEXT,
        parameters: PARAMETERS,
        outputs: { type: 'array', items: anyOf(outputs.map(outputTensor)) },
      },
      required: ['model_name', 'model_version', 'outputs'],
      additionalProperties: false,
    },
    TensorMetadata: {
      type: 'object',
      properties: { name, datatype, shape },
      required: ['name', 'datatype', 'shape'],
    },
    ModelMetadata: {
      type: 'object',
      properties: {
        name,
        versions: { type: 'array', items: TEXT },
        platform: TEXT,
        inputs: { type: 'array', items: ref('TensorMetadata') },
        outputs: { type: 'array', items: ref('TensorMetadata') },
        properties: { type: 'object', additionalProperties: TEXT },
      },
      required: ['name', 'versions', 'platform', 'inputs', 'outputs'],
    },
  };
}

function inputTensor(input: TensorSpec, batched: boolean): Schema {
  const shape = servedShape(input, batched);
  const lengths = shape?.map((length) => (length === -1 ? { type: 'integer', minimum: 1 } : { const: length }));
  const dimensions: Schema = { type: 'array', items: { type: 'integer', minimum: 0 } };
  return {
    title: input.name,
    type: 'object',
    properties: {
      name: { const: input.name },
      datatype: { const: input.datatype },
      shape: lengths
        ? { ...dimensions, prefixItems: lengths, minItems: lengths.length, maxItems: lengths.length }
        : dimensions,
      data: {
        description: 'Flat, in row-major order: as many as the shape says.',
        type: 'array',
        items: elementSchema(input.datatype),
      },
    },
    required: ['name', 'datatype', 'shape', 'data'],
  };
}

function outputTensor({ name, datatype }: TensorSpec): Schema {
  return {
    title: name,
    type: 'object',
    properties: {
      name: { const: name },
      datatype: { const: datatype },
      shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
      data: { type: 'array', items: outputElementSchema(datatype) },
      parameters: PARAMETERS,
    },
    required: ['name', 'datatype', 'shape'],
    additionalProperties: false,
  };
}

function requestedOutput(outputs: readonly TensorSpec[]): Schema {
  const names = { type: 'string', enum: outputs.map(({ name }) => name) };
  return { type: 'object', properties: { name: names }, required: ['name'] };
}

/** The tensors as a V2 request. */
export function inferRequest(feeds: NamedTensors): JsonValue {
  return {
    inputs: [...feeds].map(([name, tensor]): JsonValue => {
      const { datatype, shape, data } = tensor;
      const read = elementReader(tensor);
      return { name, datatype, shape, data: Array.from({ length: data.length }, (_, index) => read(index)) };
    }),
  };
}
