import { ML, RESHAPING, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { isClassifier, nodeLabels } from './labels.ts';
import { hasListAttribute, stringAttribute } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import type { Label, ScoreKind, ScoreLayout } from './signature.ts';

/** What the operator behind a score output says about its numbers. */
export interface ScoreSource {
  /** The value that the numbers come from, before reshaping and normalising. */
  readonly value: string;
  /** Labels of the classifier node that made them. */
  readonly labels: readonly Label[] | undefined;
  readonly kind: ScoreKind | 'unknown';
  readonly layout: ScoreLayout;
}

/** Looks behind a score output. ZipMap is passed: its input holds the numbers. */
export function scoreSource(value: string, index: GraphIndex): ScoreSource {
  const through = new Set([...RESHAPING, ML.zipMap]);
  const { value: end, node } = index.origin(value, through);
  if (node && opKey(node) === ML.normalizer) return normalized(node, index);
  if (node && opKey(node) === 'Mul') return multiplied(node, index, end);
  if (node && opKey(node) === ML.arrayFeatureExtractor) return oneColumn(node, index, end);
  return { value: end, ...operatorPromise(node, index) };
}

type OperatorPromise = Omit<ScoreSource, 'value'>;

function operatorPromise(node: GraphNode | undefined, index: GraphIndex): OperatorPromise {
  if (isClassifier(node)) return classifierPromise(node);
  return { labels: undefined, kind: node ? operatorKind(node, index) : 'unknown', layout: 'columns' };
}

const PROBABILITY_OPERATORS: ReadonlySet<string> = new Set(['Softmax', 'Sigmoid']);
const LOGIT_OPERATORS: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'LogSoftmax']);

function operatorKind(node: GraphNode, index: GraphIndex): ScoreKind | 'unknown' {
  const operator = opKey(node);
  if (PROBABILITY_OPERATORS.has(operator)) return 'probabilities';
  if (LOGIT_OPERATORS.has(operator)) return 'scores';
  // A linear layer's bias.
  const isBias = operator === 'Add' && node.inputs.some((input) => index.producer(input)?.opType === 'MatMul');
  return isBias ? 'scores' : 'unknown';
}

function classifierPromise(node: GraphNode): OperatorPromise {
  const labels = nodeLabels(node);
  const postTransform = stringAttribute(node, 'post_transform') ?? 'NONE';
  const isBinary = labels?.length === 2;
  if (opKey(node) === ML.svmClassifier) return svmPromise(node, labels, postTransform);
  const sumsToOne = postTransform === 'SOFTMAX' || (postTransform === 'LOGISTIC' && isBinary);
  // The leaves of a forest hold probabilities without any transform; a linear model's bare values are decision values.
  const otherwise = opKey(node) === ML.linearClassifier && postTransform === 'NONE' ? 'scores' : 'unknown';
  return { labels, kind: sumsToOne ? 'probabilities' : otherwise, layout: 'columns' };
}

function svmPromise(node: GraphNode, labels: readonly Label[] | undefined, postTransform: string): OperatorPromise {
  if (hasListAttribute(node, 'prob_a')) return { labels, kind: 'probabilities', layout: 'columns' };
  // skl2onnx: without probability=True a binary SVC gives (s, -s), s > 0 meaning the second class.
  const isMirrored = labels?.length === 2 && postTransform === 'NONE';
  return { labels, kind: 'scores', layout: isMirrored ? 'mirrored' : 'columns' };
}

/** Normalizer with L1 makes rows of non-negative numbers sum to 1. */
function normalized(node: GraphNode, index: GraphIndex): ScoreSource {
  const { value, node: before } = index.origin(node.inputs[0] ?? '', RESHAPING);
  const promise = operatorPromise(before, index);
  const isL1 = stringAttribute(node, 'norm') === 'L1';
  return { value, ...promise, kind: isL1 && promise.kind !== 'scores' ? 'probabilities' : promise.kind };
}

/** LightGBM without ZipMap multiplies by a constant one. */
function multiplied(node: GraphNode, index: GraphIndex, end: string): ScoreSource {
  const input = node.inputs.find((name) => !index.graph.initializers.has(name));
  const before = input === undefined ? undefined : index.origin(input, RESHAPING).node;
  const promise = isClassifier(before) ? classifierPromise(before) : operatorPromise(undefined, index);
  return { value: end, ...promise };
}

/** One column picked out of a binary classifier's two: the decision value of the second class (LinearSVC, RidgeClassifier). */
function oneColumn(node: GraphNode, index: GraphIndex, end: string): ScoreSource {
  const before = index.origin(node.inputs[0] ?? '', RESHAPING).node;
  if (!isClassifier(before)) return { value: end, ...operatorPromise(undefined, index) };
  const promise = classifierPromise(before);
  const [column] = index.constantLabels(node.inputs[1] ?? '') ?? [];
  return { value: end, ...promise, layout: promise.labels?.length === 2 && column === 1 ? 'positive' : 'columns' };
}
