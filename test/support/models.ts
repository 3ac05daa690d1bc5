import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `fixtures`: a small set that every layer tests with. `zoo`: many more exporters and settings, for the runtime. */
export type ModelCollection = 'fixtures' | 'zoo';

const MODELS_DIRECTORY = join(import.meta.dirname, '..', 'models');

/** An input or output of the graph as the file declares it. */
export interface DeclaredTensor {
  readonly name: string;
  /** e.g. `tensor(float)`, `seq(map(string,tensor(float)))`. */
  readonly onnxType: string;
  /** `null` or a name for a free dimension. Only inputs have one here. */
  readonly shape?: readonly (number | string | null)[];
}

/** Class labels in the order of the probability columns; a list of lists for several targets. */
export type Labels = readonly Label[] | readonly (readonly Label[])[];
type Label = string | number;

/** What the library that made the model answers, one entry per row. */
export interface ExpectedAnswers {
  readonly label?: readonly unknown[];
  /** Per row one number per class, in the order of `labels`. */
  readonly probabilities?: readonly unknown[];
  /** Decision values: like probabilities, but not to be called that. */
  readonly scores?: readonly unknown[];
  /** Regression, transform and raw. */
  readonly values?: readonly unknown[];
}

/** A model as an exporter wrote it, with golden answers of the library that trained it. test/models/README.md tells more. */
export interface SampleModel {
  readonly name: string;
  /** Absolute path of the `.onnx` file. */
  readonly file: string;
  /** Absolute paths of the files that must lie beside it. */
  readonly extraFiles: readonly string[];
  readonly framework: string;
  readonly task: 'classification' | 'regression' | 'transform' | 'raw';
  /** `true`: a list of maps (the exporters' default); `columns`: an output per class; `null`: no probabilities. */
  readonly zipmap: boolean | 'columns' | null;
  readonly labels: Labels | null;
  /** Whether the labels can be read from the file; undefined when there are none. */
  readonly labelsInGraph: boolean | undefined;
  readonly inputs: readonly DeclaredTensor[];
  readonly rawOutputs: readonly DeclaredTensor[];
  /** What goes into `{"instances": rows}`; `null` is NaN, integers beyond 2^53 are bigints (so in `expected`). */
  readonly rows: readonly unknown[];
  readonly expected: ExpectedAnswers;
  /** x is right when |x - expected| <= tolerance * max(1, |expected|). */
  readonly tolerance: number;
  /** What has to be mended before onnxruntime loads or runs it right; null for nothing. */
  readonly onnxruntimeRepair: string | null;
  /** Whether the graph takes only the number of rows its first dimension says. */
  readonly staticBatch: boolean;
  readonly notes: string;
  /** File name -> hex. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** A file that must be refused with a readable reason. */
export interface BadModel {
  /** e.g. `truncated`. */
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** e.g. `the first half of a good model`. */
  readonly what: string;
  /** A good reason matches this. */
  readonly hint: RegExp;
}

type ManifestTensor = { name: string; onnx_type: string; shape?: (number | string | null)[] };
interface Manifest {
  readonly models: readonly {
    name: string;
    file: string;
    extra_files: string[];
    framework: string;
    task: SampleModel['task'];
    zipmap: SampleModel['zipmap'];
    labels: Labels | null;
    labels_in_graph?: boolean;
    inputs: ManifestTensor[];
    raw_outputs: ManifestTensor[];
    rows: unknown[];
    expected: ExpectedAnswers;
    tolerance: number;
    onnxruntime_repair: string | null;
    static_batch?: boolean;
    notes: string;
    sha256: Record<string, string>;
  }[];
  readonly bad: readonly { file: string; what: string; hint: string }[];
}

/** All models of a collection, in the order of its manifest. */
export function sampleModels(collection: ModelCollection = 'fixtures'): SampleModel[] {
  return readManifest(collection).models.map((model) => ({
    name: model.name,
    file: modelPath(model.file, collection),
    extraFiles: model.extra_files.map((file) => modelPath(file, collection)),
    framework: model.framework,
    task: model.task,
    zipmap: model.zipmap,
    labels: model.labels,
    labelsInGraph: model.labels_in_graph,
    inputs: model.inputs.map(toDeclaredTensor),
    rawOutputs: model.raw_outputs.map(toDeclaredTensor),
    rows: model.rows,
    expected: model.expected,
    tolerance: model.tolerance,
    onnxruntimeRepair: model.onnxruntime_repair,
    staticBatch: model.static_batch ?? false,
    notes: model.notes,
    sha256: model.sha256,
  }));
}

/** One model by name. @throws Error for a name that is not in the manifest */
export function sampleModel(name: string, collection: ModelCollection = 'fixtures'): SampleModel {
  const found = sampleModels(collection).find((model) => model.name === name);
  if (found === undefined) throw new Error(`test/models/${collection}/manifest.json has no model ${name}`);
  return found;
}

/** The files that no runtime may accept. */
export function badModels(): BadModel[] {
  return readManifest('fixtures').bad.map(({ file, what, hint }) => ({
    name: /([^/]+)\.onnx$/.exec(file)![1]!,
    file: modelPath(file),
    what,
    hint: new RegExp(hint, 'i'),
  }));
}

/** Absolute path of a file of a collection, by its name there, e.g. `iris-lr-strings.onnx` or `bad/empty.onnx`. */
export function modelPath(file: string, collection: ModelCollection = 'fixtures'): string {
  return join(MODELS_DIRECTORY, collection, file);
}

function readManifest(collection: ModelCollection): Manifest {
  return JSON.parse(readFileSync(modelPath('manifest.json', collection), 'utf8'), keepDigits) as Manifest;
}

/** Reviver: integers that a double cannot hold become bigints. */
function keepDigits(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function toDeclaredTensor({ name, onnx_type: onnxType, shape }: ManifestTensor): DeclaredTensor {
  return shape === undefined ? { name, onnxType } : { name, onnxType, shape };
}
