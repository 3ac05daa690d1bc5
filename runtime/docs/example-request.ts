import type { ModelSignature } from '../onnx/signature.ts';
import { parseJsonExactly } from '../protocol/parse-json.ts';
import { elementReader, nestElements, type JsonValue } from '../tensor/element.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

/**
 * A V1 request that the model answers: the first row of golden.json, else what it took at warm-up.
 * @param golden text of golden.json, checked
 * @param feeds one row of every input
 * @returns undefined when neither is known
 */
export function exampleRequest(
  signature: ModelSignature,
  { golden, feeds }: { readonly golden: string | undefined; readonly feeds: NamedTensors | undefined },
): JsonValue | undefined {
  if (golden !== undefined) {
    const { instances } = parseJsonExactly(golden) as { instances: JsonValue[] };
    return { instances: instances.slice(0, signature.fixedBatch ?? 1) };
  }
  if (!feeds) return undefined;
  const rows = signature.batched ? (signature.fixedBatch ?? 1) : 1;
  return { instances: Array.from({ length: rows }, (_, row) => instanceOf(signature, feeds, row)) };
}

/** The bare row for one input, `{input: value}` for several. */
function instanceOf({ inputs, batched }: ModelSignature, feeds: NamedTensors, row: number): JsonValue {
  const [only] = inputs;
  if (only && inputs.length === 1) return valueOf(feeds.get(only.name), batched, row);
  return new Map(
    inputs.map(({ name, shape }) => {
      const value = valueOf(feeds.get(name), batched, row);
      return [name, batched && shape?.length === 2 && shape[1] === 1 ? bareValue(value) : value];
    }),
  );
}

function valueOf(tensor: Tensor | undefined, batched: boolean, row: number): JsonValue {
  if (!tensor) return null;
  const shape = batched ? tensor.shape.slice(1) : tensor.shape;
  const elements = shape.reduce((count, length) => count * length, 1);
  return nestElements(elementReader(tensor), shape, batched ? row * elements : 0);
}

/** A DataFrame column is `[N,1]`: its value needs no list. */
function bareValue(value: JsonValue): JsonValue {
  return Array.isArray(value) ? ((value as readonly JsonValue[])[0] ?? null) : value;
}
