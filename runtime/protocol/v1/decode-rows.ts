import { invalidInput } from '../../errors.ts';
import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { describeValue, fieldOf, listNames, quote } from '../describe.ts';
import { isBase64Object } from '../element-writer.ts';
import { TensorFiller, ValueProblem, type ValueSource } from '../fill-tensor.ts';
import type { InputNames } from '../input-names.ts';
import {
  type DecodedInputs,
  feedsOf,
  inputNamesOf,
  isObject,
  misfit,
  reserveRows,
  valueShape,
} from '../decoded-inputs.ts';

/**
 * The row form: one JSON value for each row. A model without batch axis takes exactly one element, which holds the whole tensors.
 * @param rows at least one
 * @param key of the body, for messages
 * @throws RequestError InvalidInput; WideInteger
 */
export function decodeRows(
  rows: readonly unknown[],
  key: string,
  signature: ModelSignature,
  source: ValueSource,
): DecodedInputs {
  if (!signature.batched && rows.length !== 1) {
    const expected = 'one element holding the whole input, since this model has no batch axis';
    throw invalidInput(key, `expected ${expected}, got ${rows.length}`);
  }
  return new RowDecoder(rows, key, signature).decode(source);
}

class RowDecoder {
  readonly #rows: readonly unknown[];
  readonly #key: string;
  readonly #inputs: readonly TensorSpec[];
  readonly #batched: boolean;
  readonly #names: InputNames;
  /** The one input of a model that has just one. */
  readonly #only: TensorSpec | undefined;
  /** Where decoding stands, for the path of an error. */
  #row = 0;
  #input = 0;

  constructor(rows: readonly unknown[], key: string, signature: ModelSignature) {
    this.#rows = rows;
    this.#key = key;
    this.#inputs = signature.inputs;
    this.#batched = signature.batched;
    this.#names = inputNamesOf(signature);
    this.#only = signature.inputs.length === 1 ? signature.inputs[0] : undefined;
  }

  decode(source: ValueSource): DecodedInputs {
    try {
      const count = this.#rows.length;
      const fillers = this.#fill(source);
      const tensors = fillers.map((filler) => filler.tensor(this.#batched ? [count] : []));
      return { rows: count, feeds: feedsOf(this.#inputs, tensors) };
    } catch (error) {
      throw error instanceof ValueProblem ? this.#located(error) : error;
    }
  }

  #fill(source: ValueSource): TensorFiller[] {
    const first = this.#values(this.#rows[0]);
    const fillers = this.#inputs.map((spec, index) => {
      this.#input = index;
      return new TensorFiller(spec, valueShape(spec, this.#batched), first[index]);
    });
    reserveRows(fillers, this.#rows.length, source);
    for (this.#row = 0; this.#row < this.#rows.length; this.#row += 1) {
      const values = this.#row === 0 ? first : this.#values(this.#rows[this.#row]);
      for (this.#input = 0; this.#input < fillers.length; this.#input += 1) {
        fillers[this.#input]?.add(values[this.#input]);
      }
    }
    return fillers;
  }

  /** One value per input, in graph order. */
  #values(row: unknown): unknown[] {
    if (this.#isBareValue(row)) return [row];
    if (!isObject(row)) {
      const keys = listNames(this.#inputs.map(({ name }) => name));
      throw invalidInput(
        this.#path(),
        `expected an object with a value for each of ${keys}, got ${describeValue(row)}`,
      );
    }
    if (Object.hasOwn(row, 'datatype') && Object.hasOwn(row, 'data') && this.#names.indexOf('data') === undefined) {
      const hint = 'send it to /v2/models/NAME/infer';
      throw invalidInput(this.#path(), `expected a row, got a tensor of the V2 protocol; ${hint}`);
    }
    const keys = Object.keys(row).length;
    if (this.#only && keys > 1) {
      const expected = `a bare value for the one input ${quote(this.#only.name)}, which has no named columns`;
      throw invalidInput(this.#path(), `expected ${expected}, got an object of ${keys} keys`);
    }
    return this.#names.valuesOf(row, () => this.#path());
  }

  /** Whether a row is the value of a one-input model itself, not an object that names the input. */
  #isBareValue(row: unknown): boolean {
    if (!this.#only) return false;
    if (!isObject(row)) return true;
    return this.#only.datatype === 'BYTES' && isBase64Object(row) && this.#names.indexOf('b64') === undefined;
  }

  #path(): string {
    return `${this.#key}[${this.#row}]`;
  }

  #located(problem: ValueProblem): Error {
    const row = this.#rows[this.#row];
    if (isObject(row) && !this.#isBareValue(row)) {
      return misfit(problem, fieldOf(this.#path(), this.#names.keyIn(row, this.#input)));
    }
    // A list of bare numbers is the commonest slip: one row that was not put into a list of rows.
    const isLooseScalar = problem.wantsList && this.#row === 0 && problem.indices.length === 0 && isScalar(row);
    return misfit(problem, this.#path(), isLooseScalar ? `; each element of ${quote(this.#key)} is a row` : '');
  }
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}
