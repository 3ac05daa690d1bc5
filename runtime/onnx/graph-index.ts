import type { GraphProto } from './graph-proto.ts';
import { ML_DOMAIN, tensorAttribute } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import type { Label } from './signature.ts';
import { readLabelTensor, readTensorHeader } from './tensor-proto.ts';

/** Steps that are followed back from an output at most; a cycle in a damaged graph ends here. */
const MAX_STEPS = 64;

/** Answers "which node made this value?" for a graph. */
export class GraphIndex {
  readonly graph: GraphProto;
  readonly #producers = new Map<string, GraphNode>();
  #readers: Map<string, GraphNode[]> | undefined;

  constructor(graph: GraphProto) {
    this.graph = graph;
    for (const node of graph.nodes) for (const output of node.outputs) this.#producers.set(output, node);
  }

  /** The node that gives this value; undefined for inputs and constants. */
  producer(value: string): GraphNode | undefined {
    return this.#producers.get(value);
  }

  /** Nodes that read this value. */
  consumers(value: string): readonly GraphNode[] {
    this.#readers ??= readersByValue(this.graph.nodes);
    return this.#readers.get(value) ?? [];
  }

  /**
   * Goes back through nodes of these operators, by their first input, to the first value that another node makes.
   * @param through operators as `opKey` names them
   */
  origin(
    value: string,
    through: ReadonlySet<string>,
  ): { readonly value: string; readonly node: GraphNode | undefined } {
    let current = value;
    let node = this.producer(current);
    for (let step = 0; step < MAX_STEPS && node && through.has(opKey(node)); step += 1) {
      const [input] = node.inputs;
      if (input === undefined) break;
      current = input;
      node = this.producer(current);
    }
    return { value: current, node };
  }

  /** The integers or strings of a constant (an initializer or a Constant node); undefined for anything else. */
  constantLabels(value: string): Label[] | undefined {
    const initializer = this.graph.initializers.get(value);
    if (initializer) return readLabelTensor(initializer);
    const node = this.producer(value);
    if (!node || opKey(node) !== 'Constant') return undefined;
    const field = tensorAttribute(node, 'value');
    return field && readLabelTensor(readTensorHeader(field));
  }
}

function readersByValue(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known) known.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

/** `Cast`, `ai.onnx.ml.ZipMap`: the operator with its domain unless that is the default one. */
export function opKey({ domain, opType }: GraphNode): string {
  return domain === '' ? opType : `${domain}.${opType}`;
}

const ml = (opType: string): string => `${ML_DOMAIN}.${opType}`;
/** Operators of ai.onnx.ml by their `opKey`. */
export const ML = {
  zipMap: ml('ZipMap'),
  normalizer: ml('Normalizer'),
  arrayFeatureExtractor: ml('ArrayFeatureExtractor'),
  labelEncoder: ml('LabelEncoder'),
  treeClassifier: ml('TreeEnsembleClassifier'),
  treeRegressor: ml('TreeEnsembleRegressor'),
  treeEnsemble: ml('TreeEnsemble'),
  imputer: ml('Imputer'),
  linearClassifier: ml('LinearClassifier'),
  linearRegressor: ml('LinearRegressor'),
  svmClassifier: ml('SVMClassifier'),
  svmRegressor: ml('SVMRegressor'),
} as const;

/** Operators that change neither which values there are nor their order. */
export const RESHAPING: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
]);
