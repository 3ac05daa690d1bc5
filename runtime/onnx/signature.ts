import type { Datatype } from '../tensor/tensor.ts';

/** One graph input or output as the (rewritten) graph declares it. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where the dimension is free (`dim_param`, empty, or undeclared); undefined when the rank itself is unknown. */
  readonly shape: readonly number[] | undefined;
}

/** A class label keeps its JSON type. Integers beyond 2^53 are bigint. */
export type Label = string | number | bigint | boolean;

/** One target of a classifier: which graph outputs hold what. */
export interface ClassificationTarget {
  /** Graph output with the predicted label; undefined when only scores exist (then the label is the best column's). */
  readonly labelOutput: string | undefined;
  /** Graph output(s) with one number per class: a `[N,C]` tensor, or one `[N]` tensor per class (`zipmap: 'columns'`). Empty: none. */
  readonly scoreOutputs: readonly string[];
  /** In column order; undefined where the graph does not say (then from the spec, labels.json, metadata, else 0..C-1). */
  readonly labels: readonly Label[] | undefined;
  /** What the producing operator promises; `unknown` is settled at warm-up by looking at the numbers. */
  readonly scoreKind: 'probabilities' | 'scores' | 'unknown';
  /** The label output is wrong (CatBoost binary): take the best column instead. */
  readonly recomputeLabel: boolean;
}

/** How outputs are presented. `outputs` are the graph outputs that presentation needs, in order. */
export type Presentation =
  | {
      readonly task: 'classification';
      readonly targets: readonly ClassificationTarget[];
      readonly outputs: readonly string[];
    }
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
  /** Facts the answer must warn about, e.g. tree ensembles have lost their NaN routing. */
  readonly traits: { readonly treeEnsemble: boolean };
}

/** What reading (and where needed rewriting) an `.onnx` file yields. */
export interface PreparedModel {
  /** The bytes to load instead of the file, or undefined when the file loads as it is. */
  readonly rewritten: Uint8Array | undefined;
  readonly signature: ModelSignature;
  /** `location` of every external data file, as written in the model. */
  readonly externalData: readonly string[];
  /** ONNX `metadata_props`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** e.g. `skl2onnx 1.21.0`; empty when the file does not say. */
  readonly producer: string;
}
