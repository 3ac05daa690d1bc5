import { narrowInteger } from '../tensor/element.ts';
import type { Label } from './signature.ts';
import { ModelFailure } from '../errors.ts';
import { readerAt } from './wire.ts';
import type { MessagePlace, MessageReader } from './wire.ts';

/** A NodeProto without its attributes, which are read when they are asked for. */
export interface GraphNode extends MessagePlace {
  readonly opType: string;
  /** Empty for `ai.onnx`. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The whole field in the graph, tag included: bytes `[fieldStart, end)`. */
  readonly fieldStart: number;
}

/** NodeProto {input=1, output=2, name=3, op_type=4, attribute=5, domain=7}. */
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;

/** Domain of the operators for classical machine learning. */
export const ML_DOMAIN = 'ai.onnx.ml';

const NONE: readonly string[] = [];

/** Reads a node's operator and names; its attributes are skipped, however large. */
export function readNode(field: MessageReader): GraphNode {
  const message = field.message();
  let opType = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  field.input.keep();
  while (message.next()) {
    switch (message.field) {
      case NODE.input:
        field.input.keep();
        inputs.push(message.text());
        break;
      case NODE.output:
        field.input.keep();
        outputs.push(message.text());
        break;
      case NODE.opType:
        opType = intern(message.text());
        break;
      case NODE.domain:
        domain = intern(normalizeDomain(message.text()));
        break;
      default:
    }
  }
  if (opType === '') {
    throw new ModelFailure('ModelInvalid', 'The ONNX file is damaged: a node has no operator. Export the model again.');
  }
  return {
    opType,
    domain,
    inputs: inputs.length === 0 ? NONE : inputs,
    outputs: outputs.length === 0 ? NONE : outputs,
    fieldStart: field.fieldStart,
    ...message.place,
  };
}

/** `ai.onnx` is the long name of the default domain. */
export function normalizeDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

const INTERNED = new Map<string, string>();
const MAX_INTERNED = 4096;

/** One copy of each operator name, however many nodes have it. */
function intern(text: string): string {
  const known = INTERNED.get(text);
  if (known !== undefined) return known;
  if (INTERNED.size < MAX_INTERNED) INTERNED.set(text, text);
  return text;
}

/** AttributeProto {name=1, f=2, i=3, s=4, t=5, g=6, floats=7, ints=8, strings=9, tensors=10, graphs=11, sparse_tensor=22, sparse_tensors=23}. */
export const ATTRIBUTE = {
  name: 1,
  f: 2,
  i: 3,
  s: 4,
  t: 5,
  g: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;

/** The attribute of that name; undefined when the node has none. */
function findAttribute(node: GraphNode, name: string): MessageReader | undefined {
  const message = readerAt(node);
  while (message.next()) {
    if (message.field === NODE.attribute && attributeName(message.message()) === name) return message.message();
  }
  return undefined;
}

/** Reads an AttributeProto's name, which every writer puts first. */
export function attributeName(attribute: MessageReader): string {
  while (attribute.next()) if (attribute.field === ATTRIBUTE.name) return attribute.text();
  return '';
}

/** A list attribute of integers or strings; empty when the node has none of that name. */
export function listAttribute(node: GraphNode, name: string): Label[] {
  const attribute = findAttribute(node, name);
  const values: Label[] = [];
  while (attribute?.next()) {
    if (attribute.field === ATTRIBUTE.strings) {
      values.push(attribute.text());
      attribute.input.keep();
    } else if (attribute.field === ATTRIBUTE.ints) {
      for (const value of attribute.int64s()) {
        values.push(narrowInteger(value));
        attribute.input.keep();
      }
    }
  }
  return values;
}

/** A string attribute; undefined when the node has none of that name. */
export function stringAttribute(node: GraphNode, name: string): string | undefined {
  const attribute = findAttribute(node, name);
  while (attribute?.next()) if (attribute.field === ATTRIBUTE.s) return attribute.text();
  return undefined;
}

/** An integer attribute; undefined when the node has none of that name. */
export function intAttribute(node: GraphNode, name: string): number | undefined {
  const attribute = findAttribute(node, name);
  while (attribute?.next()) if (attribute.field === ATTRIBUTE.i) return attribute.number();
  return undefined;
}

/** A float attribute; undefined when the node has none of that name. */
export function floatAttribute(node: GraphNode, name: string): number | undefined {
  const attribute = findAttribute(node, name);
  while (attribute?.next()) if (attribute.field === ATTRIBUTE.f) return attribute.float();
  return undefined;
}

/** Whether the node has a non-empty list attribute of that name, without reading it. */
export function hasListAttribute(node: GraphNode, name: string): boolean {
  const attribute = findAttribute(node, name);
  while (attribute?.next()) {
    const { field } = attribute;
    if (field === ATTRIBUTE.floats || field === ATTRIBUTE.ints || field === ATTRIBUTE.strings) return true;
  }
  return false;
}

/** A tensor attribute (`value` of a Constant), with the reader at it; undefined when the node has none of that name. */
export function tensorAttribute(node: GraphNode, name: string): MessageReader | undefined {
  const attribute = findAttribute(node, name);
  while (attribute?.next()) if (attribute.field === ATTRIBUTE.t) return attribute;
  return undefined;
}
