import type { Activation, ClassificationTarget, Label, ScoreKind } from '../onnx/signature.ts';
import type { JsonScalar, JsonValue } from '../tensor/element.ts';
import { elementReader } from '../tensor/element.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { bestColumn, classScores, sigmoid, softmax } from './class-scores.ts';
import type { ClassScores } from './class-scores.ts';
import { outputOf } from './row-values.ts';

/** What one target says about one row. */
export interface RowAnswer {
  readonly label: JsonValue;
  /** Class -> number, in column order or falling with topK; undefined when the target has no numbers. */
  readonly scores: ReadonlyMap<string, number> | undefined;
}

/** Answers for the rows of one run. */
export type RowClassifier = (row: number, topK: number | undefined) => RowAnswer;

/** One target's answers for the rows of a run before they are named: every class of every row, in column order. */
export interface PlainClasses {
  readonly kind: ScoreKind;
  /** Keys of the classes, as `RowAnswer.scores` has them. */
  readonly keys: readonly string[];
  /** The numbers are shown as float32. */
  readonly isNarrow: boolean;
  label(row: number): JsonValue;
  /** As many numbers as there are keys, the first of them; read at once, it may be the same list next time. */
  values(row: number): readonly number[];
}

/** A target made ready: label keys and lookups are computed once. */
export class TargetClassifier {
  readonly kind: ScoreKind;
  readonly #target: ClassificationTarget;
  readonly #labels: Label[];
  readonly #keys: string[];
  readonly #renamed: ReadonlyMap<string, Label> | undefined;
  #areKeysUnique: boolean;

  constructor(target: ClassificationTarget) {
    this.#target = target;
    this.kind = kindAfter(target.activation, target.scoreKind);
    this.#labels = [...(target.labels ?? [])];
    this.#keys = this.#labels.map(String);
    this.#areKeysUnique = new Set(this.#keys).size === this.#keys.length;
    const { outputLabels } = target;
    this.#renamed =
      outputLabels && new Map(outputLabels.map((label, column) => [String(label), this.#labels[column] ?? label]));
  }

  /** @param rows rows of the run */
  bind(outputs: NamedTensors, rows: number): RowClassifier {
    const scores = classScores(this.#target, outputs, rows);
    if (scores) this.#nameColumns(this.#single ? 2 : scores.width);
    const readLabel = this.#labelReader(outputs, rows);
    return (row, topK) => {
      const values = scores && this.#values(scores, row);
      const label = readLabel ? readLabel(row) : values ? this.#bestLabel(values) : null;
      return { label, scores: scores && values && this.#named(values, scores.shorten, topK) };
    };
  }

  /** @returns undefined for a target without numbers, with a single decision value, or with two classes of one name */
  bindPlain(outputs: NamedTensors, rows: number): PlainClasses | undefined {
    const scores = classScores(this.#target, outputs, rows);
    if (!scores || (this.#single && this.kind === 'scores')) return undefined;
    this.#nameColumns(this.#single ? 2 : scores.width);
    if (!this.#areKeysUnique) return undefined;
    const readLabel = this.#labelReader(outputs, rows);
    const values = (row: number): number[] => this.#values(scores, row);
    const label = readLabel ?? ((row) => this.#bestLabel(values(row)));
    return { kind: this.kind, keys: this.#keys, isNarrow: scores.isNarrow, label, values };
  }

  /** Whether the graph gives one number for two classes. */
  get #single(): boolean {
    return this.#target.scoreLayout !== 'columns';
  }

  /** Classes without a name are called by their position. */
  #nameColumns(width: number): void {
    if (this.#labels.length >= width) return;
    for (let column = this.#labels.length; column < width; column += 1) {
      this.#labels.push(column);
      this.#keys.push(String(column));
    }
    this.#areKeysUnique = new Set(this.#keys).size === this.#keys.length;
  }

  /** One number per class; for a single decision value the one of the second class only. */
  #values(scores: ClassScores, row: number): number[] {
    const { activation } = this.#target;
    if (!this.#single) {
      const raw: number[] = [];
      for (let column = 0; column < scores.width; column += 1) raw.push(scores.at(row, column));
      if (activation === 'Softmax') return softmax(raw);
      return activation === 'Sigmoid' ? raw.map(sigmoid) : raw;
    }
    const raw = scores.at(row, this.#target.scoreLayout === 'opposite' ? 1 : 0);
    const value = activation === 'Sigmoid' ? sigmoid(raw) : raw;
    return this.kind === 'probabilities' ? [1 - value, value] : [value];
  }

  #bestLabel(values: readonly number[]): JsonScalar | null {
    if (values.length === 1 && this.#single) {
      const [value = Number.NaN] = values;
      return Number.isNaN(value) ? null : (this.#labels[value > 0 ? 1 : 0] ?? null);
    }
    return this.#labels[bestColumn(values)] ?? null;
  }

  #named(
    values: readonly number[],
    shorten: (value: number) => number,
    topK: number | undefined,
  ): ReadonlyMap<string, number> {
    const named = new Map<string, number>();
    // A decision value belongs to the second class, as in scikit-learn's decision_function.
    if (values.length === 1 && this.#single) return named.set(this.#keys[1] ?? '1', shorten(values[0] ?? Number.NaN));
    for (const column of topK === undefined ? values.keys() : topColumns(values, topK)) {
      named.set(this.#keys[column] ?? String(column), shorten(values[column] ?? Number.NaN));
    }
    return named;
  }

  #labelReader(outputs: NamedTensors, rows: number): ((row: number) => JsonValue) | undefined {
    const { labelOutput, labelColumn, recomputeLabel } = this.#target;
    if (labelOutput === undefined || recomputeLabel) return undefined;
    const tensor = outputOf(outputs, labelOutput);
    const read = elementReader(tensor);
    const rename = (label: JsonScalar): JsonScalar => this.#renamed?.get(String(label)) ?? label;
    const width = rows > 0 ? Math.floor(elementCount(tensor.shape) / rows) : 0;
    if (labelColumn !== undefined) return (row) => rename(read(row * width + labelColumn));
    if (width === 1) return (row) => rename(read(row));
    // Multi-label: a flag per class.
    return (row) => Array.from({ length: width }, (_, column) => read(row * width + column));
  }
}

/** Activations make probabilities; numbers that nobody vouches for are scores. */
function kindAfter(activation: Activation, kind: ClassificationTarget['scoreKind']): ScoreKind {
  return activation !== 'None' || kind === 'probabilities' ? 'probabilities' : 'scores';
}

/** Columns of the `count` largest values, falling; equal ones in column order, NaN last. */
function topColumns(values: readonly number[], count: number): number[] {
  const rank = (column: number): number => {
    const value = values[column] ?? Number.NaN;
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  return [...values.keys()].sort((a, b) => rank(b) - rank(a) || a - b).slice(0, count);
}
