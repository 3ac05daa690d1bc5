import { invalidInput } from '../errors.ts';
import type { TensorSpec } from '../onnx/signature.ts';
import { listNames, quote } from './describe.ts';
import { nearestName } from './nearest-name.ts';

/**
 * What skl2onnx calls a DataFrame column: everything but letters, digits, `_` and `+` becomes `_`, and a leading digit gets a `_` before
 * it, so `Amount (EUR)` is `Amount__EUR_` in the graph. (Topology._generate_unique_name of skl2onnx.)
 */
export function exportedName(column: string): string {
  return column.replaceAll(/[^\p{L}\p{N}_+]/gu, '_').replace(/^(?=[0-9])/, '_');
}

/** Longer names are not looked up by what they might have been called. */
const MAX_COLUMN_CHARACTERS = 1000;
/** Users' own names of columns that are kept, for each input. */
const ALIASES_PER_INPUT = 4;

/** Finds the value of every graph input in an object keyed by input names, or by the DataFrame columns they were made from. */
export class InputNames {
  readonly #inputs: readonly TensorSpec[];
  readonly #indices: ReadonlyMap<string, number>;
  /** Users' names met so far: the same ones come in every row. */
  readonly #aliases = new Map<string, number>();
  readonly #noun: 'column' | 'input';

  /** @param noun what a user calls an input: those of a pipeline are the columns of a DataFrame */
  constructor(inputs: readonly TensorSpec[], noun: 'column' | 'input') {
    this.#inputs = inputs;
    this.#indices = new Map(inputs.map(({ name }, index) => [name, index]));
    this.#noun = noun;
  }

  /** Index of the input that `key` names, or undefined. */
  indexOf(key: string): number | undefined {
    return this.#indices.get(key) ?? this.#aliases.get(key) ?? this.#exportedIndex(key);
  }

  #exportedIndex(key: string): number | undefined {
    if (key.length > MAX_COLUMN_CHARACTERS) return undefined;
    const index = this.#indices.get(exportedName(key));
    if (index !== undefined && this.#aliases.size < ALIASES_PER_INPUT * this.#inputs.length)
      this.#aliases.set(key, index);
    return index;
  }

  /**
   * One value per input, in graph order.
   * @param path of `row`, called only for an error
   * @throws RequestError InvalidInput: an unknown, missing or doubly named input
   */
  valuesOf(row: Readonly<Record<string, unknown>>, path: () => string): unknown[] {
    const inputs = this.#inputs;
    const values: unknown[] = [];
    for (const { name } of inputs) {
      if (!Object.hasOwn(row, name)) return this.#match(row, path);
      values.push(row[name]);
    }
    return Object.keys(row).length === inputs.length ? values : this.#match(row, path);
  }

  /** What `row` itself calls the input: a message should name the user's column, not the graph's. */
  keyIn(row: Readonly<Record<string, unknown>>, input: number): string {
    const name = this.#inputs[input]?.name ?? '';
    if (Object.hasOwn(row, name)) return name;
    return Object.keys(row).find((key) => this.indexOf(key) === input) ?? name;
  }

  /** 400 for a name that is none of the model's, with the nearest one that is. */
  unknown(key: string, path: string): Error {
    const names = this.#inputs.map(({ name }) => name);
    const near = nearestName(key, names) ?? nearestName(exportedName(key.slice(0, MAX_COLUMN_CHARACTERS)), names);
    const hint = near === undefined ? `the model has ${listNames(names)}` : `did you mean ${quote(near)}?`;
    return invalidInput(path, `unknown ${this.#noun} ${quote(key)}; ${hint}`);
  }

  #match(row: Readonly<Record<string, unknown>>, path: () => string): unknown[] {
    const keys: (string | undefined)[] = this.#inputs.map(() => undefined);
    for (const key of Object.keys(row)) {
      const index = this.indexOf(key);
      if (index === undefined) throw this.unknown(key, path());
      const other = keys[index];
      if (other !== undefined) throw this.namedTwice(index, [other, key], path());
      keys[index] = key;
    }
    const missing = this.#inputs.filter((_, index) => keys[index] === undefined).map(({ name }) => name);
    if (missing.length > 0) throw this.missing(missing, path());
    return keys.map((key) => row[key ?? '']);
  }

  /** 400 for inputs that a request leaves out. */
  missing(names: readonly string[], path: string): Error {
    const noun = names.length === 1 ? this.#noun : `${this.#noun}s`;
    return invalidInput(path, `missing ${noun} ${listNames(names)}`);
  }

  /** 400 for two keys (of the graph and of the user's DataFrame, or twice the same) that name one input. */
  namedTwice(index: number, [first, second]: readonly [string, string], path: string): Error {
    const name = this.#inputs[index]?.name ?? '';
    if (first === second) return invalidInput(path, `the ${this.#noun} ${quote(first)} comes twice; send it once`);
    return invalidInput(
      path,
      `${quote(first)} and ${quote(second)} both name the ${this.#noun} ${quote(name)}; send it once`,
    );
  }
}
