/** The manifests of test/models -> the tables in docs/models.md; what stands around them is written by hand. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openModelFile } from '../runtime/model-file.ts';
import { readModel } from '../runtime/onnx/read-model.ts';

/** Where the page is committed. */
export const MODELS_PAGE = new URL('../docs/models.md', import.meta.url);

const MODELS = join(import.meta.dirname, '..', 'test', 'models');
const COLLECTIONS = ['fixtures', 'zoo'] as const;
const BEGIN =
  '<!-- Generated from test/models/*/manifest.json by `npm run generate`: do not edit up to the end mark. -->\n';
const END = '<!-- end -->\n';
/** Class names that a cell lists, and inputs beyond which only their types are told. */
const LISTED_LABELS = 4;
const LISTED_INPUTS = 2;

type Label = string | number;

/** What the page tells of an entry of a manifest; test/models/README.md explains the fields. */
interface ManifestModel {
  readonly name: string;
  readonly file: string;
  readonly extra_files: readonly string[];
  readonly framework: string;
  readonly framework_version: string;
  readonly labels: readonly Label[] | readonly (readonly Label[])[] | null;
  readonly inputs: readonly DeclaredTensor[];
  readonly raw_outputs: readonly DeclaredTensor[];
  readonly expected: Readonly<Partial<Record<'probabilities' | 'scores' | 'values', readonly unknown[]>>>;
  readonly notes: string;
}

interface DeclaredTensor {
  readonly name: string;
  readonly onnx_type: string;
  readonly shape?: readonly (number | string | null)[];
}

/** A model with what only its file says. */
interface ListedModel extends ManifestModel {
  /** From the page to the file. */
  readonly link: string;
  /** e.g. `skl2onnx 1.20.0`. */
  readonly exporter: string;
}

/** The page with its tables made anew. @param page as it is @throws Error when a mark is missing */
export async function generateModelsPage(page: string): Promise<string> {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error('docs/models.md has lost the marks around its tables');
  const models = (await Promise.all(COLLECTIONS.map(readCollection))).flat();
  const sections = [...Map.groupBy(models, ({ framework, framework_version: version }) => `${framework} ${version}`)];
  const tables = sections.map(([library, made]) => section(library, made)).join('\n');
  return `${page.slice(0, start)}${BEGIN}\n${tables}\n${page.slice(end)}`;
}

async function readCollection(collection: (typeof COLLECTIONS)[number]): Promise<ListedModel[]> {
  const manifest = JSON.parse(await readFile(join(MODELS, collection, 'manifest.json'), 'utf8')) as {
    models: ManifestModel[];
  };
  return manifest.models.map((model) => {
    using source = openModelFile(join(MODELS, collection, model.file));
    const link = `../test/models/${collection}/${encodeURIComponent(model.file)}`;
    return { ...model, link, exporter: exporterOf(readModel(source).producer) };
  });
}

/** Name and version; CatBoost puts a build report in the place of the version. */
function exporterOf(producer: string): string {
  if (producer === '') return 'by hand';
  return /^\S+ \d\S*$/.test(producer) ? producer : producer.split(' ')[0]!;
}

function section(library: string, models: readonly ListedModel[]): string {
  const rows = models.map((model) => {
    const cells = [
      `[${model.name}](${model.link})`,
      model.exporter,
      inputs(model.inputs),
      [...model.raw_outputs.map(tensor), ...model.extra_files.map((file) => `weights in \`${basename(file)}\``)].join(
        '; ',
      ),
      served(model),
      model.notes,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  });
  const head =
    '| Model | Exporter | Inputs | Outputs in the file | Answer for a row | Note |\n| --- | --- | --- | --- | --- | --- |';
  return `### ${library}\n\n${head}\n${rows.join('\n')}\n`;
}

function inputs(declared: readonly DeclaredTensor[]): string {
  if (declared.length <= LISTED_INPUTS) return declared.map(tensor).join('; ');
  return `one for each of ${declared.length} columns: ${declared.map(({ onnx_type: type }) => bareType(type)).join(', ')}`;
}

/** e.g. `X` float [N, 4]. */
function tensor({ name, onnx_type: type, shape }: DeclaredTensor): string {
  const lengths = shape?.map((length, axis) => length ?? (axis === 0 ? 'N' : '?'));
  return `\`${name}\` ${bareType(type)}${lengths ? ` [${lengths.join(', ')}]` : ''}`;
}

/** `tensor(float)` -> `float`; sequences and maps keep their names: they are what onnxruntime-node refuses. */
function bareType(type: string): string {
  return type.replaceAll(/tensor\((\w+)\)/g, '$1');
}

function served({ expected, labels }: ManifestModel): string {
  if (expected.values) return describeValue(expected.values[0]);
  const kind = expected.probabilities ? 'probabilities' : 'scores';
  if (Array.isArray(labels?.[0])) {
    const targets = labels as readonly (readonly Label[])[];
    return `${targets.length} labels, and ${kind} of ${targets.map(listLabels).join(' and of ')}`;
  }
  const classes = (labels ?? []) as readonly Label[];
  const width = ((expected[kind]?.[0] ?? []) as readonly number[]).length;
  return `label, and ${kind} of ${listLabels(classes.slice(classes.length - width))}`;
}

function listLabels(labels: readonly Label[]): string {
  const shown = labels.slice(0, LISTED_LABELS).join(', ');
  return labels.length > LISTED_LABELS ? `${shown}, ...` : shown;
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) {
    return `a list of ${value.length}${Array.isArray(value[0]) ? ' lists' : ''}`;
  }
  if (typeof value === 'object' && value !== null) return `\`{${Object.keys(value).join(', ')}}\``;
  return typeof value === 'string' ? 'text' : 'a number';
}

if (import.meta.main) {
  await writeFile(MODELS_PAGE, await generateModelsPage(await readFile(MODELS_PAGE, 'utf8')));
}
