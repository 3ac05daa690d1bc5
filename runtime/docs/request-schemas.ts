import type { ModelSignature } from '../onnx/signature.ts';
import type { JsonValue } from '../tensor/element.ts';
import { inputValueSchema, type Schema } from './value-schema.ts';

/**
 * Schemas of V1 request bodies, by component name. All that fits them is taken, if only its columns are of one length; docs/http-api.md says what
 * else is. Keys that nobody knows are ignored.
 */
export function requestSchemas(signature: ModelSignature): Record<string, Schema> {
  return {
    Row: rowSchema(signature),
    RowsRequest: body('instances', rows(signature), signature),
    ColumnsRequest: body('inputs', columns(signature), signature),
    PredictRequest: { anyOf: [{ $ref: '#/components/schemas/RowsRequest' }, columnsRef] },
  };
}

const columnsRef: Schema = { $ref: '#/components/schemas/ColumnsRequest' };

function rowSchema({ inputs, batched }: ModelSignature): Schema {
  const [only] = inputs;
  if (only && inputs.length === 1) return { ...inputValueSchema(only, batched), title: only.name };
  return {
    type: 'object',
    properties: new Map(inputs.map((input) => [input.name, inputValueSchema(input, batched)])),
    required: inputs.map(({ name }) => name),
    additionalProperties: false,
  };
}

function rows({ batched }: ModelSignature): Schema {
  const count = batched ? { minItems: 1 } : { minItems: 1, maxItems: 1 };
  return { type: 'array', items: { $ref: '#/components/schemas/Row' }, ...count };
}

function columns({ inputs, batched }: ModelSignature): Schema {
  const properties = new Map<string, JsonValue>(
    inputs.map((input) => {
      const value = inputValueSchema(input, batched);
      return [input.name, batched ? { type: 'array', items: value, minItems: 1 } : value];
    }),
  );
  const description = 'Every input with its values of all rows (without a batch axis: its whole value).';
  const required = inputs.map(({ name }) => name);
  return { description, type: 'object', properties, required, additionalProperties: false };
}

/** `topK` and `outputs` exclude each other: raw outputs have no classes. */
function body(key: 'instances' | 'inputs', rows: Schema, { outputs, presentation }: ModelSignature): Schema {
  const topK = {
    description: 'Only so many most probable classes.',
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  };
  const isClassifier = presentation.task === 'classification';
  const parameters: Schema = {
    type: ['object', 'null'],
    properties: { topK: isClassifier ? topK : false },
    additionalProperties: false,
  };
  const names: Schema = {
    description: 'Outputs of the graph to show as they are, instead of predictions.',
    type: ['array', 'null'],
    items: { type: 'string', enum: outputs.map(({ name }) => name) },
    minItems: 1,
    uniqueItems: true,
  };
  return {
    type: 'object',
    properties: { [key]: rows, [key === 'instances' ? 'inputs' : 'instances']: false, parameters, outputs: names },
    required: [key],
    anyOf: [
      { properties: { outputs: { type: 'null' } } },
      { properties: { parameters: { properties: { topK: false } } } },
    ],
  };
}
