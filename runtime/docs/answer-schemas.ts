import type { ClassificationTarget, ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { TargetClassifier } from '../presentation/classify-row.ts';
import type { JsonValue } from '../tensor/element.ts';
import { ANYTHING, anyOf, labelType, outputType, outputValueSchema, type Schema } from './value-schema.ts';

/** Schemas of V1 answers, by component name. */
export function answerSchemas(signature: ModelSignature): Record<string, Schema> {
  return {
    Prediction: predictionSchema(signature),
    RawOutputs: rawSchema(signature),
    RowsAnswer: answer('predictions', {
      description: 'One for each row, in order.',
      type: 'array',
      items: { anyOf: [{ $ref: '#/components/schemas/Prediction' }, { $ref: '#/components/schemas/RawOutputs' }] },
    }),
    ColumnsAnswer: answer('outputs', columnsSchema(signature)),
    PredictAnswer: {
      anyOf: [{ $ref: '#/components/schemas/RowsAnswer' }, { $ref: '#/components/schemas/ColumnsAnswer' }],
    },
  };
}

/** Whether the numbers of a classifier's answers may be called probabilities; undefined for other models. */
export function numbersKey({ presentation }: ModelSignature): 'probabilities' | 'scores' | undefined {
  if (presentation.task !== 'classification') return undefined;
  const isSure = presentation.targets.every((target) => new TargetClassifier(target).kind === 'probabilities');
  return isSure ? 'probabilities' : 'scores';
}

function answer(key: string, content: Schema): Schema {
  const warnings = {
    description: 'What you should know about this answer.',
    type: 'array',
    items: { type: 'string' },
  };
  return { type: 'object', properties: { [key]: content, warnings }, required: [key], additionalProperties: false };
}

function columnsSchema({ batched }: ModelSignature): Schema {
  if (!batched) return { description: 'The one prediction.' };
  const description = 'A list for each member of a prediction; the list of predictions where they have none.';
  return { description, anyOf: [{ type: 'object', additionalProperties: { type: 'array' } }, { type: 'array' }] };
}

function predictionSchema(signature: ModelSignature): Schema {
  const { presentation, outputs } = signature;
  const key = numbersKey(signature);
  if (presentation.task !== 'classification' || key === undefined) {
    const shown = presentation.outputs.flatMap((name) => outputs.find((output) => output.name === name) ?? []);
    const [only] = shown;
    return only && shown.length === 1 ? outputValueSchema(only, signature) : byName(signature, shown);
  }
  const { targets } = presentation;
  const labels = targets.map((target) => labelSchema(target, signature));
  const numbers = targets.map(numbersSchema);
  const isSingle = targets.length === 1;
  const properties: Record<string, JsonValue> = { label: isSingle ? (labels[0] ?? ANYTHING) : perTarget(labels) };
  if (targets.some(({ scoreOutputs }) => scoreOutputs.length > 0)) {
    properties[key] = isSingle ? (numbers[0] ?? ANYTHING) : perTarget(numbers);
  }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function perTarget(schemas: readonly Schema[]): Schema {
  return { type: 'array', prefixItems: schemas, minItems: schemas.length, maxItems: schemas.length };
}

/** Labels shown as examples. */
const SHOWN_LABELS = 20;

function labelSchema(target: ClassificationTarget, { outputs }: ModelSignature): Schema {
  const { labels, labelOutput, labelColumn, recomputeLabel } = target;
  const read = recomputeLabel ? undefined : outputs.find(({ name }) => name === labelOutput);
  const types = new Set(labels ? labels.map(labelType) : ['integer']);
  if (read) types.add(outputType(read.datatype));
  const examples = labels ? { examples: labels.slice(0, SHOWN_LABELS) } : {};
  const label: Schema = { type: [...types.add('null')], ...examples };
  const isFlags = read !== undefined && labelColumn === undefined && read.shape?.length !== 1 && read.shape?.[1] !== 1;
  return isFlags ? anyOf([label, { type: 'array', items: { type: [...types] } }]) : label;
}

/** A name for each class is worth its space only as far as people read. */
const MAX_NAMED_CLASSES = 1000;

/** `topK` leaves classes out, so none is required. */
function numbersSchema({ labels, scoreOutputs }: ClassificationTarget): Schema {
  const number = { type: ['number', 'null'] };
  if (scoreOutputs.length === 0) return { type: 'null' };
  if (!labels || labels.length > MAX_NAMED_CLASSES) return { type: 'object', additionalProperties: number };
  const properties = new Map(labels.map((label) => [String(label), number]));
  return { type: 'object', properties, additionalProperties: false };
}

/** Outputs that a request asked for: the bare value of one, several by name. */
function rawSchema(signature: ModelSignature): Schema {
  const { outputs } = signature;
  return anyOf([...outputs.map((output) => outputValueSchema(output, signature)), byName(signature, outputs)]);
}

function byName(signature: ModelSignature, outputs: readonly TensorSpec[]): Schema {
  const properties = new Map(outputs.map((output) => [output.name, outputValueSchema(output, signature)]));
  return { type: 'object', properties, additionalProperties: false };
}
