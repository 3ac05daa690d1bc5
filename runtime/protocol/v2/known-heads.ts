import { Buffer } from 'node:buffer';
import type { ModelSignature } from '../../onnx/signature.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { JsonObject } from '../decoded-inputs.ts';
import type { TensorPlace, TensorReader } from './decode-inputs.ts';
import type { V2Request } from './decode-request.ts';

/** Longer heads are read anew each time. */
const MAX_HEAD_BYTES = 2048;
/** Heads that are kept for a model: clients send a few numbers of rows. */
const MAX_HEADS = 32;

/** What the JSON in front of binary tensors says; all of a request but the tensors' elements. */
interface KnownHead {
  readonly bytes: Uint8Array;
  readonly request: Omit<V2Request, 'feeds'>;
  /** In the order of the request. */
  readonly tensors: readonly (readonly [input: JsonObject, place: TensorPlace])[];
  /** Of the graph, in its order: which of `tensors` they are. */
  readonly inputs: readonly (readonly [name: string, position: number])[];
}

const HEADS = new WeakMap<ModelSignature, Map<number, KnownHead>>();

/**
 * Decodes a request whose JSON is, byte for byte, that of an earlier one of the same model, as clients with binary tensors send it again and again:
 * only the elements are read.
 * @returns undefined for JSON that is not known
 * @throws what `readTensor` throws
 */
export function decodeKnownHead(
  head: Uint8Array,
  signature: ModelSignature,
  readTensor: TensorReader,
): V2Request | undefined {
  const known = HEADS.get(signature)?.get(head.byteLength);
  if (!known || Buffer.compare(head, known.bytes) !== 0) return undefined;
  const tensors = known.tensors.map(([input, place]) => readTensor(input, place));
  const feeds = new Map(known.inputs.map(([name, position]) => [name, tensors[position] as Tensor]));
  return { ...known.request, feeds };
}

/**
 * Decodes by `decode`, and keeps what it learns of the head for `decodeKnownHead`: not of one with an id, which the next request will not have.
 * @throws what `decode` throws; nothing is kept then
 */
export function learnHead(
  head: Uint8Array,
  signature: ModelSignature,
  readTensor: TensorReader,
  decode: (readTensor: TensorReader) => V2Request,
): V2Request {
  const tensors: [JsonObject, TensorPlace][] = [];
  const request = decode((input, place) => {
    tensors.push([input, place]);
    return readTensor(input, place);
  });
  if (request.id === undefined && head.byteLength <= MAX_HEAD_BYTES) keep(head, signature, request, tensors);
  return request;
}

function keep(
  head: Uint8Array,
  signature: ModelSignature,
  { id, outputs, rows, feeds }: V2Request,
  tensors: KnownHead['tensors'],
): void {
  const heads = HEADS.get(signature) ?? new Map<number, KnownHead>();
  HEADS.set(signature, heads);
  if (heads.size >= MAX_HEADS) heads.clear();
  const positionOf = (name: string): number => tensors.findIndex(([, { spec }]) => spec.name === name);
  const inputs = [...feeds.keys()].map((name) => [name, positionOf(name)] as const);
  // A copy: the body's memory is used again.
  heads.set(head.byteLength, { bytes: Uint8Array.from(head), request: { id, outputs, rows }, tensors, inputs });
}
