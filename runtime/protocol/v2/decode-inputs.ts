import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type DecodedInputs, feedsOf, inputNamesOf, isObject, type JsonObject } from '../decoded-inputs.ts';
import { describeValue, quote } from '../describe.ts';
import type { InputNames } from '../input-names.ts';
import { refuseMisspeltKeys } from '../known-keys.ts';
import { decodeShape, requireDatatype } from './tensor-header.ts';

const KEYS = ['name', 'shape', 'datatype', 'parameters', 'data'] as const;
const REQUIRED = ['name', 'shape', 'datatype'] as const;

/** The tensor that an item of `inputs` shall be. */
export interface TensorPlace {
  readonly spec: TensorSpec;
  /** As the graph takes it. */
  readonly shape: readonly number[];
  /** Of the item, e.g. `inputs[0]`. */
  readonly path: string;
  /** In `inputs`. */
  readonly position: number;
}

/** Where the elements of an item of `inputs` come from: that is what the forms of a V2 request differ in. */
export type TensorReader = (input: JsonObject, place: TensorPlace) => Tensor;

/**
 * `inputs` of a V2 request: one tensor for every graph input, in any order.
 * @throws RequestError InvalidInput; what `readTensor` throws
 */
export function decodeInputs(value: unknown, signature: ModelSignature, readTensor: TensorReader): DecodedInputs {
  if (!Array.isArray(value)) {
    const hint = isObject(value) ? '; columns by name go to /v1/models/NAME:predict' : '';
    throw invalidInput('inputs', `expected a list of tensors, got ${describeValue(value)}${hint}`);
  }
  const { inputs } = signature;
  const names = inputNamesOf(signature);
  const found = new InputTensors(inputs.length);
  value.forEach((item: unknown, position) => {
    const path = `inputs[${position}]`;
    const input = requireTensor(item, path);
    const index = indexOf(input, names, found, path);
    const spec = inputs[index] as TensorSpec;
    requireDatatype(input['datatype'], spec, `${path}.datatype`);
    const shape = decodeShape(input['shape'], spec, signature, `${path}.shape`);
    const tensor = readTensor(input, { spec, shape, path, position });
    found.add(index, { name: input['name'] as string, path, tensor });
  });
  const missing = inputs.filter((_, index) => !found.at(index)).map(({ name }) => name);
  if (missing.length > 0) throw names.missing(missing, 'inputs');
  const tensors = inputs.map((_, index) => found.at(index) as NamedInput);
  return {
    rows: signature.batched ? countRows(tensors) : 1,
    feeds: feedsOf(
      inputs,
      tensors.map(({ tensor }) => tensor),
    ),
  };
}

interface NamedInput {
  readonly name: string;
  readonly path: string;
  readonly tensor: Tensor;
}

/** What has been read so far, by index of the graph input. */
class InputTensors {
  readonly #tensors: (NamedInput | undefined)[];

  constructor(length: number) {
    this.#tensors = Array.from({ length });
  }

  at(index: number): NamedInput | undefined {
    return this.#tensors[index];
  }

  add(index: number, input: NamedInput): void {
    this.#tensors[index] = input;
  }
}

function requireTensor(item: unknown, path: string): JsonObject {
  if (!isObject(item)) {
    const expected = 'an object with "name", "shape", "datatype" and "data"';
    const hint = 'bare rows go to /v1/models/NAME:predict';
    throw invalidInput(path, `expected ${expected}, got ${describeValue(item)}; ${hint}`);
  }
  refuseMisspeltKeys(item, KEYS, path);
  const missing = REQUIRED.find((key) => !Object.hasOwn(item, key));
  if (missing !== undefined) throw invalidInput(path, `missing ${quote(missing)}`);
  return item;
}

function indexOf({ name }: JsonObject, names: InputNames, found: InputTensors, path: string): number {
  if (typeof name !== 'string') throw invalidInput(`${path}.name`, `expected a string, got ${describeValue(name)}`);
  const index = names.indexOf(name);
  if (index === undefined) throw names.unknown(name, `${path}.name`);
  const other = found.at(index);
  if (other) throw names.namedTwice(index, [other.name, name], `${path}.name`);
  return index;
}

/** Axis 0 of every tensor must be the same number of rows. */
function countRows(inputs: readonly NamedInput[]): number {
  const [first] = inputs;
  const rows = first?.tensor.shape[0] ?? 1;
  for (const { path, tensor } of inputs) {
    if (tensor.shape[0] !== rows) {
      const expected = `${rows} ${rows === 1 ? 'row' : 'rows'} as in ${quote(first?.name ?? '')}`;
      throw invalidInput(`${path}.shape[0]`, `expected ${expected}, got ${tensor.shape[0]}`);
    }
  }
  return rows;
}
