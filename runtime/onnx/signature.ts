import type { Datatype } from '../tensor/tensor.ts';
import type { Segment } from './byte-source.ts';

/** One graph input or output as the (rewritten) graph declares it. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where the dimension is free (`dim_param`, empty, or undeclared); undefined when the rank itself is unknown. */
  readonly shape: readonly number[] | undefined;
}

/** A class label keeps its JSON type. Integers beyond 2^53 are bigint. */
export type Label = string | number | bigint | boolean;

/** What the numbers of a classifier are: only rows that sum to 1 in [0,1] are called probabilities. */
export type ScoreKind = 'probabilities' | 'scores';

/** `Softmax` or `Sigmoid` turn the logits of a neural network into probabilities. */
export type Activation = 'None' | 'Softmax' | 'Sigmoid';

/**
 * How a target's numbers map to its classes.
 * - `columns`: one number per class, in label order (a `[N,C]` output, or one `[N]` output per class).
 * - `positive`: one number a row, of the second of two classes (`[N,1]` or `[N]`): a decision value, a probability or a logit.
 * - `mirrored`: `[N,2]` holding (s, -s), where s is the decision value of the *second* class (binary SVC of skl2onnx).
 * - `opposite`: `[N,2]` holding (-s, s), s as before (binary Perceptron); seen at warm-up.
 *
 * The last three are answered alike: two probabilities, or one decision value that is named after the second class and positive for it.
 */
export type ScoreLayout = 'columns' | 'positive' | 'mirrored' | 'opposite';

/** One target of a classifier: which graph outputs hold what. */
export interface ClassificationTarget {
  /** Graph output with the predicted label; undefined when only scores exist (then the label is the best class). */
  readonly labelOutput: string | undefined;
  /** Column of a `[N,k]` label output that belongs to this target; undefined when the output is this target's alone. */
  readonly labelColumn: number | undefined;
  /** Graph output(s) with one number per class: a `[N,C]` tensor, or one `[N]` tensor per class (`zipmap: 'columns'`). Empty: none. */
  readonly scoreOutputs: readonly string[];
  /** Index into axis 1 of a `[N,k,C]` score output that belongs to this target; undefined for `[N,C]`. */
  readonly scoreIndex: number | undefined;
  readonly scoreLayout: ScoreLayout;
  /** In column order; undefined where nobody says: then 0..C-1. */
  readonly labels: readonly Label[] | undefined;
  /** What the label output gives for each class, where `labels` calls the classes differently; undefined: `labels` themselves. */
  readonly outputLabels: readonly Label[] | undefined;
  /** What the producing operator promises; `unknown` is settled at warm-up by looking at the numbers (`settleScoreKinds`). */
  readonly scoreKind: ScoreKind | 'unknown';
  /** Applied to the numbers before they are presented. */
  readonly activation: Activation;
  /** The label output is wrong (CatBoost binary): take the best class instead. */
  readonly recomputeLabel: boolean;
}

/** A classifier with one target or several. */
export interface ClassificationPresentation {
  readonly task: 'classification';
  /** More than one for multi-output classifiers. */
  readonly targets: readonly [ClassificationTarget, ...ClassificationTarget[]];
  readonly outputs: readonly string[];
}

/** How outputs are presented. `outputs` are the graph outputs that presentation needs, in order. */
export type Presentation =
  | ClassificationPresentation
  | { readonly task: 'regression'; readonly outputs: readonly [string] }
  | { readonly task: 'raw'; readonly outputs: readonly string[] };

/** What a model takes and gives. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** True when axis 0 of every input is rows: free, or the same fixed number in all of them. */
  readonly batched: boolean;
  /** Rows that one run must have, when axis 0 is a fixed number other than free. */
  readonly fixedBatch: number | undefined;
  readonly presentation: Presentation;
  /** Facts the answer must warn about. `treeInputs`: inputs whose missing values get to tree ensembles, which have lost how they treat them. */
  readonly traits: { readonly treeInputs: readonly string[] };
}

/** A side file that tensors of the model lie in. */
export interface ExternalDataFile {
  /** `location` as written in the model; checked: relative, and inside the model's folder. */
  readonly location: string;
  /** Bytes the file must have at least: the largest `offset + length` of a tensor in it. */
  readonly minBytes: number;
}

/** What reading (and where needed rewriting) an `.onnx` file yields. */
export interface PreparedModel {
  /**
   * The file to load instead, as pieces of the original and new bytes; undefined when the file loads as it is.
   * `assemble` makes bytes of it, `segmentChunks` what can be written to a file with bounded memory.
   */
  readonly rewritten: readonly Segment[] | undefined;
  readonly signature: ModelSignature;
  /** Every external data file, in order of first use. */
  readonly externalData: readonly ExternalDataFile[];
  /** Whether there are loops, branches or functions: only such a graph can run without end in little memory. */
  readonly hasSubgraphs: boolean;
  /** What the operators behind float outputs promise about their numbers, by output name. */
  readonly scoreKinds: ReadonlyMap<string, ScoreKind | 'unknown'>;
  /** ONNX `metadata_props`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** e.g. `skl2onnx 1.21.0`; empty when the file does not say. */
  readonly producer: string;
}
