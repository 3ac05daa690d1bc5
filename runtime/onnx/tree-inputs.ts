import { type GraphIndex, ML, opKey } from './graph-index.ts';
import { floatAttribute } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';

const TREES: ReadonlySet<string> = new Set([ML.treeClassifier, ML.treeRegressor, ML.treeEnsemble]);

/**
 * The graph's inputs whose missing values get to a tree ensemble, in the graph's order: by any way that has no imputer on it. Empty without
 * trees.
 */
export function treeInputs(index: GraphIndex): string[] {
  const { nodes, inputs } = index.graph;
  const reached = new Set<string>();
  const pending = nodes.filter((node) => TREES.has(opKey(node))).flatMap((node) => node.inputs);
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (reached.has(value)) continue;
    reached.add(value);
    const node = index.producer(value);
    if (node && !replacesMissingValues(node)) pending.push(...node.inputs);
  }
  return inputs.map(({ name }) => name).filter((name) => reached.has(name));
}

/** An imputer replaces what it was told to: NaN, or a number that stands for missing values and leaves NaN alone. */
function replacesMissingValues(node: GraphNode): boolean {
  return opKey(node) === ML.imputer && Number.isNaN(floatAttribute(node, 'replaced_value_float') ?? 0);
}
