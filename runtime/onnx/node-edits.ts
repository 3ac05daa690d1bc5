import type { Edit } from './edits.ts';
import { GRAPH } from './graph-proto.ts';
import { ATTRIBUTE, NODE, attributeName, stringAttribute } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import { readerAt } from './wire.ts';
import type { MessageReader } from './wire.ts';
import { bytesField, concatBytes, varintField } from './wire-encode.ts';

/** No bytes: what a dropped field is replaced by. */
export const EMPTY = new Uint8Array(0);

/** A node with one input and one output. */
export interface NewNode {
  readonly opType: string;
  readonly input: string;
  readonly output: string;
  readonly attribute?: Uint8Array;
}

/** A graph's `node` field, of the default domain. */
export function encodeNode({ opType, input, output, attribute }: NewNode): Uint8Array {
  const fields = [bytesField(NODE.input, input), bytesField(NODE.output, output), bytesField(NODE.opType, opType)];
  if (attribute) fields.push(bytesField(NODE.attribute, attribute));
  return bytesField(GRAPH.node, concatBytes(fields));
}

/** Puts these bytes, whole fields of the graph, in a node's place. */
export function replaceNode(node: GraphNode, bytes: Uint8Array): Edit {
  return { start: node.fieldStart, end: node.end, bytes };
}

/** The node again with an input or output called differently. */
export function rename(node: GraphNode, field: number, [from, to]: readonly [string, string]): Uint8Array {
  return rebuildNode(node, (current) => {
    return current.field === field && current.text() === from ? bytesField(field, to) : undefined;
  });
}

/** Locales that exist without a locale package; "C" keeps accents as they are, which only its author can have meant. */
const BUILT_IN_LOCALES: ReadonlySet<string> = new Set(['C', 'POSIX', 'C.UTF-8', 'C.utf8']);

/** onnxruntime asks the system for `en_US.UTF-8` unless told otherwise, and fails to load where it is not installed. */
export function replaceLocale(node: GraphNode): Edit[] {
  if (BUILT_IN_LOCALES.has(stringAttribute(node, 'locale') ?? '')) return [];
  const locale = concatBytes([
    bytesField(ATTRIBUTE.name, 'locale'),
    bytesField(ATTRIBUTE.s, 'C.UTF-8'),
    varintField(20, 3),
  ]);
  const others = rebuildNode(
    node,
    (field) => (field.field === NODE.attribute && attributeName(field.message()) === 'locale' ? EMPTY : undefined),
    bytesField(NODE.attribute, locale),
  );
  return [replaceNode(node, others)];
}

/** @param replace what stands for a field; undefined keeps it */
function rebuildNode(
  node: GraphNode,
  replace: (field: MessageReader) => Uint8Array | undefined,
  append: Uint8Array = EMPTY,
): Uint8Array {
  const fields: Uint8Array[] = [];
  const message = readerAt(node);
  while (message.next()) {
    fields.push(replace(message) ?? message.input.slice(message.fieldStart, message.payloadEnd));
  }
  return bytesField(GRAPH.node, concatBytes([...fields, append]));
}
