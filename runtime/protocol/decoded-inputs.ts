import { invalidInput } from '../errors.ts';
import type { ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import type { TensorFiller, ValueProblem, ValueSource } from './fill-tensor.ts';
import { InputNames } from './input-names.ts';

/** Tensors for every graph input; with a batched model axis 0 of each is `rows`. */
export interface DecodedInputs {
  readonly feeds: NamedTensors;
  readonly rows: number;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NAMES = new WeakMap<ModelSignature, InputNames>();

/** The name table of a model's inputs, made once per signature. */
export function inputNamesOf(signature: ModelSignature): InputNames {
  let names = NAMES.get(signature);
  if (!names) {
    const isColumns = signature.inputs.every((spec) => {
      const shape = valueShape(spec, signature.batched);
      return shape !== undefined && elementCount(shape) === 1;
    });
    names = new InputNames(signature.inputs, isColumns ? 'column' : 'input');
    NAMES.set(signature, names);
  }
  return names;
}

/** The declared shape of what one row holds for this input: without the batch axis, if there is one. */
export function valueShape({ shape }: TensorSpec, batched: boolean): readonly number[] | undefined {
  return batched ? shape?.slice(1) : shape;
}

/** Room for `rows` rows in all of `fillers`, together never more than the document can hold (and one row it may break off in). */
export function reserveRows(fillers: readonly TensorFiller[], rows: number, source: ValueSource): void {
  const elementsPerRow = fillers.reduce((sum, { size }) => sum + size, 0);
  const possible = Math.floor(source.characters / Math.max(1, elementsPerRow)) + 1;
  for (const filler of fillers) filler.reserve(Math.min(rows, possible), source);
}

export function feedsOf(inputs: readonly TensorSpec[], tensors: readonly Tensor[]): NamedTensors {
  return new Map(tensors.map((tensor, index) => [inputs[index]?.name ?? '', tensor]));
}

/** 400 for a value that does not fit, at the place inside `path` where it happened. */
export function misfit(problem: ValueProblem, path: string, hint = ''): Error {
  const place = problem.indices.map((index) => `[${index}]`).join('');
  return invalidInput(path + place, problem.message + hint, problem);
}
