import type { ByteSource, Segment } from './byte-source.ts';
import { MODEL } from './model-proto.ts';
import type { ModelProto } from './model-proto.ts';
import { bytesField, bytesFieldHeader, concatBytes, varintField } from './wire-encode.ts';

/** Bytes `[start, end)` of the file, and what stands there instead. `start === end` inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Version of the default operator set that a pure ai.onnx.ml graph gets when it gains a node of it. */
const DEFAULT_OPSET = 17;

/**
 * The whole file as pieces: the graph's edits, the graph's new length in front of them, and the operator set that new nodes need.
 * @param edits of whole fields of the graph; of two for the same field the first counts
 */
// oxlint-disable-next-line eslint/max-params -- the file, what it says, and the two results of the rewrite
export function toSegments(
  source: ByteSource,
  model: ModelProto,
  edits: readonly Edit[],
  addsNodes: boolean,
): Segment[] {
  const unique = [...new Map(edits.toReversed().map((edit) => [`${edit.start}-${edit.end}`, edit])).values()];
  return cut(source, [...graphHeader(model, unique), ...unique, ...addedOpset(model, addsNodes)]);
}

function graphHeader({ graph, graphFieldStart }: ModelProto, edits: readonly Edit[]): Edit[] {
  const { start, end } = graph.place;
  const growth = edits.reduce((sum, edit) => sum + edit.bytes.length - (edit.end - edit.start), 0);
  return [{ start: graphFieldStart, end: start, bytes: bytesFieldHeader(MODEL.graph, end - start + growth) }];
}

function addedOpset({ graph, opsets }: ModelProto, addsNodes: boolean): Edit[] {
  if (!addsNodes || opsets.some(({ domain }) => domain === '')) return [];
  const { end } = graph.place;
  const version = concatBytes([bytesField(1, ''), varintField(2, DEFAULT_OPSET)]);
  return [{ start: end, end, bytes: bytesField(MODEL.opsetImport, version) }];
}

/** Edits -> the pieces of the new file: unchanged ranges and new bytes in turn. */
function cut(source: ByteSource, edits: readonly Edit[]): Segment[] {
  const segments: Segment[] = [];
  let position = 0;
  for (const { start, end, bytes } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start > position) segments.push({ offset: position, length: start - position });
    if (bytes.length > 0) segments.push({ bytes });
    position = end;
  }
  if (source.size > position) segments.push({ offset: position, length: source.size - position });
  return segments;
}
