import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FIXTURES = join(import.meta.dirname, '..', 'test', 'models', 'fixtures');

/** An exported classifier and what the library that trained it answers. */
export interface SampleClassifier {
  readonly name: string;
  readonly file: string;
  readonly framework: string;
  /** Class names in the order of the probability columns. */
  readonly labels: readonly string[];
  /** What goes into `{"instances": rows}`. */
  readonly rows: readonly (readonly number[])[];
  readonly expected: {
    readonly label: readonly string[];
    /** Per row one number per class, from `predict_proba`. */
    readonly probabilities: readonly (readonly number[])[];
  };
}

/** One entry of the fixtures' manifest. */
export async function readSampleClassifier(name: string): Promise<SampleClassifier> {
  const manifest = JSON.parse(await readFile(join(FIXTURES, 'manifest.json'), 'utf8')) as {
    models: SampleClassifier[];
  };
  const sample = manifest.models.find((model) => model.name === name);
  if (!sample) throw new Error(`test/models/fixtures/manifest.json has no ${name}`);
  return sample;
}

/** The bytes of a file of the fixtures, such as `iris-lr-strings.onnx` or `bad/truncated.onnx`. */
export function readSampleFile(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(join(FIXTURES, file));
}
