import { ModelFailure } from '../errors.ts';
import { ATTRIBUTE, ML_DOMAIN, NODE, readNode } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import { readTensorHeader, tensorBytes } from './tensor-proto.ts';
import type { TensorHeader } from './tensor-proto.ts';
import { readValueInfo } from './value-info.ts';
import type { ValueInfo } from './value-info.ts';
import { readerAt } from './wire.ts';
import type { MessagePlace, MessageReader } from './wire.ts';
import { quote } from './quote.ts';

/** GraphProto. */
export const GRAPH = {
  node: 1,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const;

/** A GraphProto without its weights. */
export interface GraphProto {
  readonly nodes: readonly GraphNode[];
  /** Constants by name: weights, and class labels. */
  readonly initializers: ReadonlyMap<string, TensorHeader>;
  /** What a caller must feed: declared inputs that no initializer provides. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** The message in the file. */
  readonly place: MessagePlace;
}

/** What has been met anywhere in the model, subgraphs included. */
export interface Findings {
  /** Bytes that each external data file must have, by location as written. */
  readonly externalData: Map<string, number>;
  /** Operators by domain: one node type each is enough for a message. */
  readonly domains: Map<string, string>;
  /** Whether a node holds a graph of its own (Loop, Scan, If), or the model brings functions. */
  hasSubgraphs: boolean;
}

/** Reads a graph: nodes, names and types, with weights and attributes skipped. */
export function readGraph(message: MessageReader, findings: Findings): GraphProto {
  const nodes: GraphNode[] = [];
  const initializers = new Map<string, TensorHeader>();
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  while (message.next()) {
    switch (message.field) {
      case GRAPH.node:
        nodes.push(visitNode(message, findings));
        break;
      case GRAPH.initializer: {
        const header = visitTensor(message, findings);
        initializers.set(header.name, header);
        break;
      }
      case GRAPH.sparseInitializer:
        for (const header of visitSparseTensor(message.message(), findings)) initializers.set(header.name, header);
        break;
      case GRAPH.input:
        inputs.push(readValueInfo(message));
        break;
      case GRAPH.output:
        outputs.push(readValueInfo(message));
        break;
      default:
    }
  }
  return {
    nodes,
    initializers,
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
    place: message.place,
  };
}

function visitTensor(field: MessageReader, findings: Findings): TensorHeader {
  const header = readTensorHeader(field);
  if (header.external) {
    const { location, offset, length } = header.external;
    checkLocation(location, header.name);
    const end = offset + (length ?? tensorBytes(header) ?? 0);
    findings.externalData.set(location, Math.max(end, findings.externalData.get(location) ?? 0));
  }
  return header;
}

/** SparseTensorProto {values=1, indices=2}: two tensors; the values carry the name. */
function visitSparseTensor(message: MessageReader, findings: Findings): TensorHeader[] {
  const headers: TensorHeader[] = [];
  while (message.next()) {
    if (message.field === 1 || message.field === 2) headers.push(visitTensor(message, findings));
  }
  return headers;
}

/** External data may only lie beside the model or below: anything else reads files of the host. */
function checkLocation(location: string, tensor: string): void {
  const depth = location.split('/').reduce((depth, part) => {
    if (depth < 0 || part === '' || part === '.') return depth;
    return part === '..' ? depth - 1 : depth + 1;
  }, 0);
  const absolute = location.startsWith('/') || /^[A-Za-z]:/.test(location);
  // oxlint-disable-next-line eslint/no-control-regex -- a NUL ends a path early
  const odd = location === '' || /[\\\u0000]/.test(location);
  if (depth <= 0 || absolute || odd) {
    throw new ModelFailure(
      'ModelInvalid',
      `Tensor ${quote(tensor)} keeps its data in ${quote(location)}, which is outside of the model's folder. Save the model with its external data beside the .onnx file, by a relative name.`,
    );
  }
}

/** Reads a node, and looks for tensors and subgraphs in it. */
export function visitNode(field: MessageReader, findings: Findings): GraphNode {
  const node = readNode(field);
  if (!findings.domains.has(node.domain)) findings.domains.set(node.domain, node.opType);
  // Attributes of ai.onnx.ml operators are lists of numbers (trees), millions of them: nothing to look for.
  if (node.domain !== ML_DOMAIN) visitAttributes(node, findings);
  return node;
}

/** Looks for tensors and subgraphs in a node's attributes. */
function visitAttributes(node: GraphNode, findings: Findings): void {
  const message = readerAt(node);
  while (message.next()) if (message.field === NODE.attribute) visitAttribute(message.message(), findings);
}

function visitAttribute(attribute: MessageReader, findings: Findings): void {
  while (attribute.next()) {
    switch (attribute.field) {
      case ATTRIBUTE.t:
      case ATTRIBUTE.tensors:
        visitTensor(attribute, findings);
        break;
      case ATTRIBUTE.sparseTensor:
      case ATTRIBUTE.sparseTensors:
        visitSparseTensor(attribute.message(), findings);
        break;
      case ATTRIBUTE.g:
      case ATTRIBUTE.graphs:
        findings.hasSubgraphs = true;
        readGraph(attribute.message(), findings);
        break;
      // An attribute holds one kind of value: past the first number of a list there is nothing else.
      case ATTRIBUTE.floats:
      case ATTRIBUTE.ints:
      case ATTRIBUTE.strings:
        return;
      default:
    }
  }
}
