import { float16View } from '../tensor/element.ts';
import { shortestFloat32 } from '../tensor/decimal.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import type { ClassificationTarget } from '../onnx/signature.ts';
import { outputOf } from './row-values.ts';

/** The numbers of one classification target, row by row, before they are named. */
export interface ClassScores {
  /** Numbers per row. */
  readonly width: number;
  /** @returns the raw number at (row, column), as the graph gave it */
  at(row: number, column: number): number;
  /** The double that prints as the number's shortest decimal. */
  readonly shorten: (value: number) => number;
  /** Numbers that are float32, or shown like them. */
  readonly isNarrow: boolean;
}

type Numbers = ArrayLike<number>;

/** Float data as numbers; undefined for other datatypes. Shares memory. */
function numbersOf({ datatype, data }: Tensor): Numbers | undefined {
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return datatype === 'FP16' && data instanceof Uint16Array ? float16View(data) : undefined;
}

const asIs = (value: number): number => value;
const shortenFloat32 = (value: number): number => shortestFloat32(Math.fround(value));

/**
 * Finds a target's numbers in a run's outputs.
 * @returns undefined when the target has no score output
 */
export function classScores(
  target: ClassificationTarget,
  outputs: NamedTensors,
  rows: number,
): ClassScores | undefined {
  const tensors = target.scoreOutputs.map((name) => outputOf(outputs, name));
  const [first] = tensors;
  if (!first) return undefined;
  const isNarrow = first.datatype !== 'FP64';
  const shorten = isNarrow ? shortenFloat32 : asIs;
  const columns = tensors.map((tensor) => numbersOf(tensor) ?? []);
  const [data = []] = columns;
  if (columns.length > 1) {
    return { width: columns.length, at: (row, column) => columns[column]?.[row] ?? Number.NaN, shorten, isNarrow };
  }
  const { width, offset, stride } = layoutOf(target, first, rows);
  return { width, at: (row, column) => data[row * stride + offset + column] ?? Number.NaN, shorten, isNarrow };
}

/** `[N,C]`, `[N]` and `[C]` of a single row by their element count; `[N,k,C]` by its last axis. */
function layoutOf(
  { scoreIndex, labels }: ClassificationTarget,
  { shape }: Tensor,
  rows: number,
): {
  readonly width: number;
  readonly offset: number;
  readonly stride: number;
} {
  const stride = rows > 0 ? Math.floor(elementCount(shape) / rows) : 0;
  if (scoreIndex === undefined) return { width: stride, offset: 0, stride };
  const padded = shape.at(-1) ?? 0;
  // Targets with fewer classes than the widest one are padded.
  return { width: Math.min(padded, labels?.length ?? padded), offset: scoreIndex * padded, stride };
}

/** Column of the largest number, the first of equal ones; -1 when all are NaN. */
export function bestColumn(values: readonly number[]): number {
  let best = -1;
  for (let column = 0; column < values.length; column += 1) {
    const value = values[column] ?? Number.NaN;
    if (!Number.isNaN(value) && (best < 0 || value > (values[best] ?? 0))) best = column;
  }
  return best;
}

/** Logits -> probabilities that sum to 1; safe for large logits. */
export function softmax(logits: readonly number[]): number[] {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** A logit -> probability. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
