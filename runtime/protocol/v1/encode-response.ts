import type { JsonValue } from '../../tensor/element.ts';
import { stringifyJson } from '../stringify-json.ts';

/** What a V1 answer is made of. */
export interface V1Response {
  /** One for each row; for a model without batch axis one that holds the whole outputs. */
  readonly predictions: readonly JsonValue[];
  /** What the caller should know about these predictions, one sentence each. */
  readonly warnings: readonly string[];
}

/** How the request was put decides how the answer is. */
export interface V1Form {
  readonly form: 'instances' | 'inputs';
  /** Of the model. Without batch axis the column form shows the one prediction itself. */
  readonly batched: boolean;
}

/**
 * The body of a V1 answer: `{"predictions": [...]}` for rows, `{"outputs": ...}` for columns, then `warnings` when there are any.
 * Columns: where predictions are objects of the same keys, an object of lists, else the list of predictions.
 */
export function encodeV1Response({ predictions, warnings }: V1Response, { form, batched }: V1Form): string {
  const answer: Record<string, JsonValue> =
    form === 'instances' ? { predictions } : { outputs: batched ? columnsOf(predictions) : (predictions[0] ?? null) };
  if (warnings.length > 0) answer['warnings'] = warnings;
  return stringifyJson(answer);
}

/** `[{"a": 1, "b": 2}, {"a": 3, "b": 4}]` -> `{"a": [1, 3], "b": [2, 4]}`. */
function columnsOf(predictions: readonly JsonValue[]): JsonValue {
  const rows = predictions.map(membersOf);
  const columns = new Map<string, JsonValue[]>([...(rows[0]?.keys() ?? [])].map((key) => [key, []]));
  if (columns.size === 0) return predictions;
  for (const members of rows) {
    if (members?.size !== columns.size) return predictions;
    for (const [key, value] of members) {
      const column = columns.get(key);
      if (!column) return predictions;
      column.push(value);
    }
  }
  return columns;
}

function membersOf(value: JsonValue): ReadonlyMap<string, JsonValue> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value instanceof Map ? (value as ReadonlyMap<string, JsonValue>) : new Map(Object.entries(value));
}
