import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { API_VERSION, KIND } from '../../operator/api/model-deployment.ts';
import { InvalidModelPathError, parseModelPath, type ModelPath } from '../../storage/model-path.ts';
import { dnsName } from '../dns-name.ts';
import { usageError } from '../exit-codes.ts';
import type { FlagValues } from '../parse-arguments.ts';

/** A ModelDeployment as a person writes it: only what was asked for, the cluster fills in the rest. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
}

/** Flags of `deploy` that are fields of the spec; with a file they are refused, since the file has them. */
export const SPEC_FLAGS = [
  'replicas',
  'task',
  'labels',
  'activation',
  'generation',
  'sha256',
  'cpu',
  'memory',
  'service-account',
] as const;

/** The arguments of `deploy`, told apart. */
export interface SourceAndName {
  readonly source: string;
  readonly name: string | undefined;
}

/**
 * Tells `SOURCE`, `SOURCE NAME` and `NAME SOURCE` apart: a path in storage is known by its scheme, everything else comes in the documented order.
 * @param flag of `--name`
 * @throws CommandError for two names
 */
export function sourceAndName([first = '', second]: readonly string[], flag: string | undefined): SourceAndName {
  if (second === undefined) return { source: first, name: flag };
  if (flag !== undefined) throw usageError(`--name ${flag}: the name is given twice`);
  return isInStorage(second) ? { source: second, name: first } : { source: first, name: second };
}

const isInStorage = (source: string): boolean => /^(gs|pvc):\/\//.test(source);

/**
 * What `deploy SOURCE` asks for: a file of YAML or JSON (`-`: standard input), or a model's path with flags.
 * @throws CommandError
 */
export async function desiredObject({ source, name }: SourceAndName, flags: FlagValues): Promise<DesiredObject> {
  const namespace = flags.text('namespace');
  if (isInStorage(source)) return fromPath({ source, name }, flags, namespace);
  if (/\.(onnx|pkl|pickle|joblib|pt|pth)$/i.test(source)) {
    throw usageError(
      `${source} is a file of this machine, which no cluster can read: upload it first (gcloud storage cp ${source} gs://BUCKET/${basename(source)}) and deploy that path`,
    );
  }
  if (name !== undefined) throw usageError(`a name belongs to a model's path; ${source} has its own`);
  const given = SPEC_FLAGS.filter((flag) => flags.text(flag) !== undefined);
  if (given.length > 0) throw usageError(`--${given[0]} belongs to a model's path; write it into ${source}`);
  return fromText(await readSource(source), source, namespace);
}

async function readSource(source: string): Promise<string> {
  try {
    return source === '-' ? await readAll(process.stdin) : await readFile(source, 'utf8');
  } catch (cause) {
    const hint = 'give a model in a bucket (gs://bucket/model.onnx) or a YAML file';
    throw usageError(`${source} cannot be read (${(cause as NodeJS.ErrnoException).code}): ${hint}`, cause);
  }
}

/** The one ModelDeployment of a file. @throws CommandError */
export function fromText(text: string, source: string, namespace: string | undefined): DesiredObject {
  const documents = parseAllDocuments(text);
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error) throw usageError(`${source} is no YAML: ${error.message.split('\n')[0]}`, error);
  const objects = documents.map((document): unknown => document.toJS()).filter((object) => object !== null);
  const [object, ...others] = objects as Partial<DesiredObject>[];
  if (!object || others.length > 0) {
    throw usageError(`${source} holds ${objects.length} objects; deploy takes exactly one (kubectl apply takes any)`);
  }
  if (object.kind !== KIND || object.apiVersion !== API_VERSION) {
    throw usageError(`${source} is a ${object.kind} of ${object.apiVersion}, not a ${KIND} of ${API_VERSION}`);
  }
  const { name, namespace: own } = object.metadata ?? {};
  if (!name) throw usageError(`${source}: metadata.name is missing`);
  if (own !== undefined && namespace !== undefined && own !== namespace) {
    throw usageError(`${source} is for namespace ${own}, and --namespace says ${namespace}: remove one`);
  }
  return object as DesiredObject;
}

function fromPath(
  { source: path, name }: SourceAndName,
  flags: FlagValues,
  namespace: string | undefined,
): DesiredObject {
  const parsed = parsePath(path);
  const labels = flags
    .text('labels')
    ?.split(',')
    .map((label) => label.trim());
  const model = {
    path,
    generation: flags.text('generation'),
    sha256: flags.text('sha256'),
    task: flags.text('task'),
    labels,
    activation: flags.text('activation'),
  };
  const spec = {
    model: defined(model),
    replicas: flags.integer('replicas', 0, 1_000),
    resources: resourcesOf(flags.text('cpu'), flags.text('memory')),
    serviceAccountName: flags.text('service-account'),
  };
  const metadata = {
    name: name ?? nameOf(parsed, path),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return { apiVersion: API_VERSION, kind: KIND, metadata, spec: defined(spec) };
}

function parsePath(path: string): ModelPath {
  try {
    return parseModelPath(path);
  } catch (cause) {
    if (cause instanceof InvalidModelPathError) throw usageError(`${path}: ${cause.message}`, cause);
    throw cause;
  }
}

/** The defaults of the CRD, where only one of the two is given: resources replace the default as a whole. */
function resourcesOf(cpu: string | undefined, memory: string | undefined): object | undefined {
  if (cpu === undefined && memory === undefined) return undefined;
  return {
    requests: { cpu: cpu ?? '100m', memory: memory ?? '256Mi' },
    limits: { ...(cpu === undefined ? {} : { cpu }), memory: memory ?? '512Mi' },
  };
}

/** `gs://models/iris/model.onnx` and `gs://models/iris/` are called iris, `gs://models/Fraud_v2.onnx` fraud-v2. @throws CommandError */
function nameOf(parsed: ModelPath, path: string): string {
  const parts = placeInStorage(parsed)
    .split('/')
    .filter((part) => part !== '');
  const last = (parts.pop() ?? '').replace(/\.onnx$/i, '');
  const isGeneric = /^model$/i.test(last) && parts.length > 0;
  const name = dnsName(isGeneric ? (parts.pop() ?? '') : last);
  if (name === '') throw usageError(`no name can be made of ${path}: give one with --name`);
  return name;
}

function placeInStorage(parsed: ModelPath): string {
  if (parsed.kind === 'gcs') return parsed.object;
  return parsed.kind === 'gcs-prefix' ? parsed.prefix : parsed.path;
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
