import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cacheDirectory } from '../../dev/cache-directory.ts';
import { makeMlp } from './mlp.ts';

/** One row as it goes into `instances`: bare numbers, or a value for each column. */
export type Row = readonly number[] | Readonly<Record<string, number | string>>;

/** Rows that a model never saw in training, and what the library that trained it answers. */
export interface Golden {
  readonly labels: readonly (number | string)[];
  readonly rows: readonly Row[];
  /** Per row, in the order of `labels`. */
  readonly probabilities: readonly (readonly number[])[];
}

/** A model that is served in the benchmarks. */
export interface BenchModel {
  readonly name: string;
  readonly title: string;
  /** The .onnx file, as its exporter wrote it. */
  readonly file: string;
  readonly golden: Golden;
  /** Its one input; undefined: one input for each column. */
  readonly input: string | undefined;
  /** Its output of probabilities. */
  readonly output: string;
  /** Whether the file says what the classes are called; otherwise the server has to be told. */
  readonly namesClasses: boolean;
}

const FOLDER = join(import.meta.dirname, '..', 'models');

const EXPORTED: Readonly<Record<string, Pick<BenchModel, 'title' | 'input' | 'output'>>> = {
  'random-forest': {
    title: 'random forest, 100 trees, 30 features, 3 classes',
    input: 'X',
    output: 'output_probability',
  },
  'logistic-regression': {
    title: 'logistic regression, 30 features, 3 classes',
    input: 'X',
    output: 'output_probability',
  },
  lightgbm: { title: 'LightGBM, 200 trees, 30 features, 2 classes', input: 'X', output: 'probabilities' },
  columns: {
    title: 'DataFrame pipeline, 3 columns of numbers and 3 of strings, 2 classes',
    input: undefined,
    output: 'output_probability',
  },
};

/** Rows of the network whose answers are computed anew each time. */
const MLP_ROWS = 32;

/** Where models lie that servers load. */
export function modelDirectory(): string {
  return join(cacheDirectory(), 'bench', 'models');
}

/**
 * Unpacks a model of bench/models into the cache.
 * @throws Error for a name that is none
 */
export async function openModel(name: string): Promise<BenchModel> {
  const known = EXPORTED[name];
  if (!known) throw new Error(`no model ${name}: there are ${Object.keys(EXPORTED).join(', ')}`);
  const golden = JSON.parse((await unpack(`${name}.golden.json.br`)).toString()) as Golden;
  await mkdir(modelDirectory(), { recursive: true });
  const file = join(modelDirectory(), `${name}.onnx`);
  // By way of another name: a benchmark that is stopped must not leave half a model behind.
  await writeFile(`${file}.part`, await unpack(`${name}.onnx.br`));
  await rename(`${file}.part`, file);
  return { name, ...known, file, golden, namesClasses: true };
}

/** The network of 143 MB: too large to commit, so made when it is not in the cache. */
export async function openMlp(): Promise<BenchModel> {
  const { golden } = await openModel('random-forest');
  const rows = golden.rows.slice(0, MLP_ROWS) as number[][];
  const { file, probabilities } = await makeMlp(modelDirectory(), rows);
  return {
    name: 'mlp',
    title: 'network of 143 MB, 30 features, 3 classes',
    input: 'X',
    output: 'probabilities',
    file,
    namesClasses: false,
    golden: { labels: golden.labels, rows, probabilities },
  };
}

async function unpack(name: string): Promise<Buffer> {
  return brotliDecompressSync(await readFile(join(FOLDER, name)));
}
