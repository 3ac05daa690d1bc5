import type { TensorSpec } from '../onnx/signature.ts';
import { allocateData } from '../tensor/datatype.ts';
import { elementCount, stridesOf } from '../tensor/shape.ts';
import type { Datatype, Tensor, TensorData } from '../tensor/tensor.ts';
import { describeCount, describeElement, describeItems, describeValue } from './describe.ts';
import { elementWriter, type ElementWriter } from './element-writer.ts';

/** A JSON value that does not fit its tensor; `message` is `expected ..., got ...`. */
export class ValueProblem extends Error {
  override readonly name = 'ValueProblem';
  /** Where in the value, outermost axis first; empty: the value itself. */
  readonly indices: readonly number[];
  /** A list was expected and something else came. */
  readonly wantsList: boolean;
  constructor(indices: readonly number[], problem: string, wantsList = false) {
    super(problem);
    this.indices = indices;
    this.wantsList = wantsList;
  }
}

/** The document that values come from. */
export interface ValueSource {
  /** Characters of its text. Every element takes at least one, so no tensor gets more elements than this. */
  readonly characters: number;
  /** Parsed with integers beyond 2^53 as bigint. */
  readonly exact: boolean;
}

/**
 * Fills one tensor from JSON values: `new`, `reserve` once, `add` for each value. Free dimensions (-1) are set by the first value; all
 * others must be like it. A value of one element may come bare or as a list of one (`5` or `[5]`): KServe sends DataFrame cells as lists.
 */
export class TensorFiller {
  /** Elements of one value. */
  readonly size: number;
  readonly #datatype: Datatype;
  /** As declared, -1 where free; undefined where the rank is unknown. */
  readonly #declared: readonly number[] | undefined;
  readonly #isSingle: boolean;
  readonly #shape: readonly number[];
  #data: TensorData = [];
  #write: ElementWriter = () => undefined;
  #offset = 0;
  #valueStart = 0;

  /**
   * @param declared shape of one value
   * @param first the first value that will be added
   * @throws ValueProblem when a free dimension would be empty
   */
  constructor(spec: TensorSpec, declared: readonly number[] | undefined, first: unknown) {
    this.#datatype = spec.datatype;
    this.#declared = declared;
    this.#isSingle = declared?.every((length) => length === 1) ?? false;
    this.#shape = declared?.includes(-1) === false ? declared : shapeLike(first, declared);
    const empty = this.#shape.findIndex((length, axis) => length === 0 && declared?.[axis] !== 0);
    if (empty !== -1) throw new ValueProblem([], `expected ${this.#describeList(empty)}, got an empty list`);
    this.size = elementCount(this.#shape);
  }

  /** Makes room for `count` values, but never for more elements than the document can hold. */
  reserve(count: number, source: ValueSource): void {
    this.#data = allocateData(this.#datatype, Math.min(count * this.size, source.characters));
    this.#write = elementWriter(this.#datatype, this.#data, source.exact);
  }

  /** @throws ValueProblem, WideInteger */
  add(value: unknown): void {
    this.#valueStart = this.#offset;
    if (this.#isSingle) this.#addSingle(value);
    else this.#addList(value, 0);
  }

  /** The filled tensor of shape `[...batch, ...value shape]`. */
  tensor(batch: readonly number[]): Tensor {
    const shape = [...batch, ...this.#shape];
    if (this.#offset !== elementCount(shape)) throw new Error(`${this.#offset} elements for shape [${shape.join()}]`);
    return { datatype: this.#datatype, shape, data: this.#data };
  }

  #addSingle(value: unknown): void {
    let element = value;
    let depth = 0;
    const maxDepth = Math.max(1, this.#shape.length);
    while (depth < maxDepth && Array.isArray(element) && element.length === 1) {
      element = element[0] as unknown;
      depth += 1;
    }
    this.#addElement(element, depth);
  }

  #addList(value: unknown, axis: number): void {
    const length = this.#shape[axis];
    if (length === undefined) return this.#addElement(value, axis);
    if (!Array.isArray(value)) {
      this.#fail(axis, `expected ${this.#describeList(axis)}, got ${describeValue(value)}`, true);
    }
    if (value.length !== length) this.#failLength(axis, value);
    const isInnermost = axis + 1 === this.#shape.length;
    for (let index = 0; index < length; index += 1) {
      if (isInnermost) this.#addElement(value[index], axis + 1);
      else this.#addList(value[index], axis + 1);
    }
  }

  #addElement(value: unknown, depth: number): void {
    const problem = Array.isArray(value)
      ? `expected ${describeElement(this.#datatype)}, got ${describeValue(value)}`
      : this.#write(this.#offset, value);
    if (problem !== undefined) this.#fail(depth, problem);
    this.#offset += 1;
  }

  #failLength(axis: number, value: readonly unknown[]): never {
    const expected = describeItems(this.#shape.slice(axis), this.#datatype);
    const got = describeCount(value, axis + 1 < this.#shape.length);
    if (this.#declared?.[axis] === this.#shape[axis]) this.#fail(axis, `expected ${expected}, got ${got}`);
    this.#fail(axis, `expected ${expected} as in the first, got ${got}; pad the values of one request to one length`);
  }

  #describeList(axis: number): string {
    const shape = this.#declared ?? this.#shape.map(() => -1);
    return `a list of ${describeItems(shape.slice(axis), this.#datatype)}`;
  }

  /** The first `depth` indices of the element at hand follow from how many elements of the value have been stored. */
  #fail(depth: number, problem: string, wantsList = false): never {
    const position = this.#offset - this.#valueStart;
    const strides = stridesOf(this.#shape);
    const indices = Array.from({ length: depth }, (_, axis) => {
      const stride = strides[axis] ?? 1;
      return Math.floor(position / stride) % (this.#shape[axis] ?? 1);
    });
    throw new ValueProblem(indices, problem, wantsList);
  }
}

/** The shape of a nested list by its first elements, or the declared one with its free dimensions filled in from there. */
function shapeLike(first: unknown, declared: readonly number[] | undefined): readonly number[] {
  const lengths: number[] = [];
  let value = first;
  while (Array.isArray(value) && lengths.length < (declared?.length ?? Number.POSITIVE_INFINITY)) {
    lengths.push(value.length);
    value = value[0] as unknown;
  }
  return declared?.map((length, axis) => (length === -1 ? (lengths[axis] ?? 1) : length)) ?? lengths;
}
