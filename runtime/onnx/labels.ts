import { ML, RESHAPING, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { listAttribute } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import type { Label } from './signature.ts';

const CLASSIFIERS: ReadonlySet<string> = new Set([ML.treeClassifier, ML.linearClassifier, ML.svmClassifier]);

/** Whether the node is one of the classifiers of ai.onnx.ml, which give (label, scores). */
export function isClassifier(node: GraphNode | undefined): node is GraphNode {
  return node !== undefined && CLASSIFIERS.has(opKey(node));
}

/** Attributes that hold class labels; the name differs by operator and converter. Exactly one is filled. */
const LABEL_ATTRIBUTES = ['classlabels_strings', 'classlabels_int64s', 'classlabels_ints'];

const READ = new WeakMap<GraphNode, readonly Label[]>();

/** Labels that a ZipMap or classifier node carries; undefined when it has none. Read once. */
export function nodeLabels(node: GraphNode): readonly Label[] | undefined {
  const known = READ.get(node);
  if (known) return known;
  for (const name of LABEL_ATTRIBUTES) {
    const labels = listAttribute(node, name);
    if (labels.length === 0) continue;
    READ.set(node, labels);
    return labels;
  }
  return undefined;
}

/** Targets of one model at most; more are no labels but data. */
const MAX_TARGETS = 1000;

/** Where the values of a label output come from. */
export type LabelSource =
  /** One label a row, out of these. */
  | { readonly kind: 'single'; readonly labels: readonly Label[] }
  /** One column per target. */
  | { readonly kind: 'several'; readonly targets: readonly (readonly Label[])[] }
  /** The index of the largest of these scores. */
  | { readonly kind: 'index'; readonly scores: string };

/**
 * Follows a label output back to the class labels: a classifier of ai.onnx.ml, a table of classes picked from by index
 * (ArrayFeatureExtractor, Gather or LabelEncoder), several of these side by side, or a bare ArgMax.
 * @returns undefined when it is none of these: then it may not be a class label at all (a cluster, an outlier flag)
 */
export function labelSource(value: string, index: GraphIndex): LabelSource | undefined {
  const { node } = index.origin(value, RESHAPING);
  if (!node) return undefined;
  if (opKey(node) === 'Concat' && node.inputs.length <= MAX_TARGETS) {
    const targets = node.inputs.map((input) => singleLabels(index.origin(input, RESHAPING).node, index));
    return targets.every((labels) => labels !== undefined) ? { kind: 'several', targets } : undefined;
  }
  const labels = singleLabels(node, index);
  if (labels) return { kind: 'single', labels };
  const [scores] = node.inputs;
  return opKey(node) === 'ArgMax' && scores !== undefined
    ? { kind: 'index', scores: index.origin(scores, RESHAPING).value }
    : undefined;
}

function singleLabels(node: GraphNode | undefined, index: GraphIndex): readonly Label[] | undefined {
  if (!node) return undefined;
  if (isClassifier(node)) return nodeLabels(node);
  switch (opKey(node)) {
    case ML.arrayFeatureExtractor:
    case 'Gather':
      return tableLabels(node, index);
    case ML.labelEncoder:
      return encoderLabels(node);
    default:
      return undefined;
  }
}

/** classes[index]: a constant list, indexed by something computed. */
function tableLabels({ inputs: [table, indices] }: GraphNode, index: GraphIndex): readonly Label[] | undefined {
  if (table === undefined || indices === undefined || index.graph.initializers.has(indices)) return undefined;
  return index.constantLabels(table);
}

/** Class index -> class name, when the keys are 0..C-1. */
function encoderLabels(node: GraphNode): readonly Label[] | undefined {
  const keys = listAttribute(node, 'keys_int64s');
  const values = ['values_strings', 'values_int64s']
    .map((name) => listAttribute(node, name))
    .find((list) => list.length > 0);
  return values?.length === keys.length && keys.every((key, position) => key === position) ? values : undefined;
}

/** The values of an output that is the same for every row (`output_class_labels=True`). */
export function constantOutput(value: string, index: GraphIndex): readonly Label[] | undefined {
  const origin = index.origin(value, RESHAPING);
  const node = origin.node;
  if (node && opKey(node) === ML.labelEncoder) {
    const keys = index.constantLabels(node.inputs[0] ?? '');
    const values = encoderLabels(node);
    return keys && values && keys.length === values.length ? values : undefined;
  }
  return index.constantLabels(origin.value);
}
