import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { bytesField, bytesFieldHeader, concatBytes, varintField } from '../../runtime/onnx/wire-encode.ts';
import { FLOAT, node, tensorType, valueInfo } from '../../test/runtime/onnx/build-model.ts';

/** Widths of the layers: 30 features, 3 classes, and between them weights of 143 MB, which is 7 to 15 ms a row. */
const WIDTHS = [30, 4224, 4224, 4224, 3] as const;

interface Layer {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly weights: Float32Array;
}

/** A network in a folder, and what it answers. */
export interface Mlp {
  readonly file: string;
  readonly probabilities: readonly (readonly number[])[];
}

/**
 * Writes a network x -> (MatMul, Relu) three times -> MatMul -> Softmax, unless it is there already. The same weights every time.
 * @param inputs rows to compute the answers of, here in float64
 */
export async function makeMlp(folder: string, inputs: readonly (readonly number[])[]): Promise<Mlp> {
  const file = join(folder, `mlp-${WIDTHS.join('-')}-${inputs.length}.onnx`);
  const answers = `${file}.answers.json`;
  const known = await readFile(answers, 'utf8').catch(() => undefined);
  if (known !== undefined) return { file, probabilities: JSON.parse(known) as number[][] };
  const layers = makeLayers();
  await writeModel(file, layers);
  const probabilities = inputs.map((row) => softmax(layers.reduce(apply, [...row])));
  // Last, so that there are answers only for a whole model.
  await writeFile(answers, JSON.stringify(probabilities));
  return { file, probabilities };
}

function makeLayers(): Layer[] {
  const random = makeRandom(7);
  return WIDTHS.slice(1).map((columns, index) => {
    const rows = WIDTHS[index]!;
    // Keeps the size of the numbers from layer to layer (He et al., 2015); the last layer's would make all but one class impossible.
    const scale = Math.sqrt(6 / rows) * (index === WIDTHS.length - 2 ? 0.3 : 1);
    return { rows, columns, weights: Float32Array.from({ length: rows * columns }, () => (random() * 2 - 1) * scale) };
  });
}

/** Park and Miller's generator: numbers in (0, 1), the same after the same seed. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function apply(values: readonly number[], { rows, columns, weights }: Layer, index: number): number[] {
  const result = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    const value = values[row]!;
    if (value === 0) continue;
    for (let column = 0; column < columns; column += 1) result[column]! += value * weights[row * columns + column]!;
  }
  return index === WIDTHS.length - 2 ? [...result] : Array.from(result, (value) => Math.max(0, value));
}

function softmax(values: readonly number[]): number[] {
  const exponentials = values.map((value) => Math.exp(value - Math.max(...values)));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / sum);
}

async function writeModel(file: string, layers: readonly Layer[]): Promise<void> {
  const last = layers.length - 1;
  const nodes = layers.flatMap((_, index) => [
    node({ op: 'MatMul', inputs: [index === 0 ? 'X' : `h${index}`, `w${index}`], outputs: [`m${index}`] }),
    node({
      op: index === last ? 'Softmax' : 'Relu',
      inputs: [`m${index}`],
      outputs: [index === last ? 'probabilities' : `h${index + 1}`],
    }),
  ]);
  const initializers = layers.map(({ rows, columns, weights }, index) => {
    const raw = new Uint8Array(weights.buffer);
    const head = concatBytes([
      varintField(1, rows),
      varintField(1, columns),
      varintField(2, FLOAT),
      bytesField(8, `w${index}`),
      bytesFieldHeader(9, raw.length),
    ]);
    return [bytesFieldHeader(5, head.length + raw.length), head, raw];
  });
  const graph = [
    ...nodes.map((bytes) => bytesField(1, bytes)),
    ...initializers.flat(),
    bytesField(11, valueInfo('X', tensorType(FLOAT, ['N', WIDTHS[0]]))),
    bytesField(12, valueInfo('probabilities', tensorType(FLOAT, ['N', WIDTHS.at(-1)!]))),
  ];
  const graphBytes = graph.reduce((sum, { length }) => sum + length, 0);
  const opset = bytesField(8, concatBytes([bytesField(1, ''), varintField(2, 17)]));
  const stream = createWriteStream(file);
  for (const bytes of [varintField(1, 8), opset, bytesFieldHeader(7, graphBytes), ...graph]) stream.write(bytes);
  stream.end();
  await finished(stream);
}
