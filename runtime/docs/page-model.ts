import type { ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { decodeV1Request } from '../protocol/v1/decode-request.ts';
import { DATATYPES } from '../tensor/datatype.ts';
import { elementReader, type JsonValue } from '../tensor/element.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { numbersKey } from './answer-schemas.ts';
import { type DocumentedModel, MAX_EXAMPLE_CHARACTERS } from './calls.ts';
import { describeShape } from './describe-shape.ts';

/** More columns than this are edited as JSON. */
const MAX_FIELDS = 100;
/** Labels that the page lists; it says how many there are. */
const MAX_LABELS = 1000;

/**
 * What the docs page shows, as `/docs/model.json`.
 * `fields` are the columns of a DataFrame with the example's values as text; null: rows are edited as JSON.
 * `example` is null when there is none, or none that people could read: `/docs/example.json` has it then.
 */
export function pageModel({ name, generation, signature, example }: DocumentedModel): JsonValue {
  const { inputs, outputs, presentation, batched } = signature;
  const describe = (spec: TensorSpec): JsonValue => {
    return { name: spec.name, datatype: spec.datatype, shape: describeShape(spec.shape, batched) };
  };
  const isReadable = example !== undefined && example.length <= MAX_EXAMPLE_CHARACTERS;
  const targets = presentation.task === 'classification' ? presentation.targets : [];
  return {
    name,
    generation,
    task: presentation.task,
    numbers: numbersKey(signature) ?? null,
    inputs: inputs.map(describe),
    outputs: outputs.map(describe),
    labels: targets.map(({ labels = [] }) => ({
      count: labels.length,
      names: labels.slice(0, MAX_LABELS).map(String),
    })),
    example: isReadable ? example : null,
    hasLongExample: example !== undefined && !isReadable,
    fields: fieldsOf(signature, isReadable ? example : undefined),
  };
}

function fieldsOf(signature: ModelSignature, example: string | undefined): JsonValue {
  const { inputs, batched } = signature;
  if (inputs.length > MAX_FIELDS || !inputs.every((input) => isColumn(input, batched))) return null;
  const feeds = example === undefined ? undefined : decodeV1Request(example, signature).feeds;
  return inputs.map(({ name, datatype }) => {
    return { name, datatype, kind: DATATYPES[datatype].kind, value: firstValue(feeds, name) };
  });
}

/** One value a row: `[N]` or `[N,1]`. */
function isColumn({ shape }: TensorSpec, batched: boolean): boolean {
  const inner = batched ? shape?.slice(1) : shape;
  return inner !== undefined && (inner.length === 0 || (inner.length === 1 && inner[0] === 1));
}

/** As text, so that integers keep every digit; empty for a missing value. */
function firstValue(feeds: NamedTensors | undefined, name: string): string {
  const tensor = feeds?.get(name);
  if (!tensor) return '';
  const value = elementReader(tensor)(0);
  return Number.isNaN(value) ? '' : String(value);
}
