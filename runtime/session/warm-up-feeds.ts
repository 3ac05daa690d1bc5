import type { ModelSignature, TensorSpec } from '../onnx/signature.ts';
import { allocateData } from '../tensor/datatype.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

/** Lengths tried for free dimensions other than the batch: most models take 1; convolutions and poolings need room, image models mostly 224. */
const FREE_LENGTHS = [1, 8, 64, 224];
/** Elements of one input beyond which a length is not tried: 224 * 224 * 64. */
const MAX_ELEMENTS = 3_211_264;

/**
 * Feeds to try a model with, the likeliest first: zeros, then ones (0 may be no valid category or divisor), with free dimensions
 * of several lengths. Text is empty. At least one is returned.
 * @param rows rows of each input when the model is batched with a free batch axis
 */
export function makeWarmUpFeeds(signature: ModelSignature, rows: number): [NamedTensors, ...NamedTensors[]] {
  const hasFree = signature.inputs.some(({ shape }) => shape?.some((length, axis) => length === -1 && axis > 0));
  const lengths = hasFree || !signature.batched ? FREE_LENGTHS : [1];
  const [first, ...others] = lengths
    .filter((length) =>
      signature.inputs.every((input) => elementCount(shapeOf(input, signature, { rows, length })) <= MAX_ELEMENTS),
    )
    .flatMap((length) => ([0, 1] as const).map((value) => fill(signature, { rows, length }, value)));
  return [first ?? fill(signature, { rows: 1, length: 1 }, 0), ...others];
}

/** Values of several magnitudes and both signs; enough for a row of scores to show that it is no row of probabilities. */
const VARIED = [0, 1, -1, 0.5, 3, 10, -4, 100, 6.5, 2, 0.1, -0.5, 40];

/** Feeds whose rows differ, to see what kind of numbers a model gives. It may refuse them: numbers can be no valid category. */
export function makeVariedFeeds(signature: ModelSignature, rows: number): NamedTensors {
  const sizes = { rows, length: 1 };
  return new Map(
    signature.inputs.map((input) => {
      const tensor = makeTensor(input, shapeOf(input, signature, sizes), 0);
      const { data } = tensor;
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
        for (let index = 0; index < data.length; index += 1) data[index] = BigInt(index % 3);
      } else if (data instanceof Float32Array || data instanceof Float64Array) {
        // 5 has no common divisor with the list's length, so that neighbouring rows differ whatever the row's length.
        for (let index = 0; index < data.length; index += 1) data[index] = VARIED[(index * 5) % VARIED.length] ?? 0;
      }
      return [input.name, tensor];
    }),
  );
}

interface Sizes {
  readonly rows: number;
  readonly length: number;
}

function fill(signature: ModelSignature, sizes: Sizes, value: 0 | 1): NamedTensors {
  return new Map(
    signature.inputs.map((input) => [input.name, makeTensor(input, shapeOf(input, signature, sizes), value)]),
  );
}

function shapeOf(
  { shape = [1] }: TensorSpec,
  { batched, fixedBatch }: ModelSignature,
  { rows, length }: Sizes,
): number[] {
  return shape.map((declared, axis) => {
    if (declared !== -1) return declared;
    return batched && axis === 0 ? (fixedBatch ?? rows) : length;
  });
}

/** 1.0 as float16 bits: sign 0, exponent 15, fraction 0. */
const HALF_ONE = 0x3c00;

function makeTensor({ datatype }: TensorSpec, shape: readonly number[], value: 0 | 1): Tensor {
  const data = allocateData(datatype, elementCount(shape));
  if (value === 1) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(1n);
    else if (!Array.isArray(data)) data.fill(datatype === 'FP16' ? HALF_ONE : 1);
  }
  return { datatype, shape, data };
}
