/**
 * `npm run generate`: crds/modeldeployment.yaml -> operator/api/generated.ts.
 * Types are those of an object as the API server returns it: a field with a default is always there.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';

/** The part of a structural schema that types depend on. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface CustomResourceDefinition {
  spec: { names: { kind: string }; versions: { name: string; schema: { openAPIV3Schema: Schema } }[]; group: string };
}

const CRD_FILE = new URL('modeldeployment.yaml', import.meta.url);
/** Where the types are committed. */
export const TYPES_FILE = new URL('../operator/api/generated.ts', import.meta.url);

/** Interfaces worth a name, by path in the object; others are written where they are used. */
const NAMES: Readonly<Record<string, string>> = {
  '': 'ModelDeployment',
  spec: 'ModelDeploymentSpec',
  'spec.model': 'ModelSpec',
  'spec.autoscaling': 'AutoscalingSpec',
  'spec.batching': 'BatchingSpec',
  'spec.service': 'ServiceSpec',
  status: 'ModelDeploymentStatus',
  'status.model': 'ModelStatus',
  'status.conditions[]': 'ModelDeploymentCondition',
};

/** Fields that are shaped as in Kubernetes itself, by path in the object: TypeScript type and what it imports. */
const KUBERNETES_TYPES: Readonly<Record<string, string>> = {
  'spec.autoscaling.metrics[]': 'V2MetricSpec',
  'spec.autoscaling.behavior': 'V2HorizontalPodAutoscalerBehavior',
  'spec.resources': 'V1ResourceRequirements',
  'spec.env[]': 'V1EnvVar',
  'spec.imagePullSecrets[]': 'V1LocalObjectReference',
  'spec.tolerations[]': 'V1Toleration',
  'spec.affinity': 'V1Affinity',
  'spec.topologySpreadConstraints[]': 'V1TopologySpreadConstraint',
};

/** What the API server itself sets on every stored object. */
const METADATA_TYPE = 'V1ObjectMeta & { name: string; namespace: string; uid: string; generation: number }';

const BANNER = `/** Generated from crds/modeldeployment.yaml by \`npm run generate\`. Never edited by hand. */
import type {
${[...new Set(['V1ObjectMeta', ...Object.values(KUBERNETES_TYPES)])]
  .sort()
  .map((name) => `  ${name},`)
  .join('\n')}
} from '@kubernetes/client-node';`;

/** The TypeScript source of the CRD's types, formatted as the repository's sources are. */
export async function generateTypes(): Promise<string> {
  const crd = parse(await readFile(CRD_FILE, 'utf8')) as CustomResourceDefinition;
  const version = crd.spec.versions[0];
  if (!version) throw new Error(`${fileURLToPath(CRD_FILE)}: spec.versions is empty`);
  const { kind } = crd.spec.names;
  const root = version.schema.openAPIV3Schema;
  const schema = convert('', {
    ...root,
    required: ['apiVersion', 'kind', 'metadata', ...(root.required ?? [])],
    properties: {
      ...root.properties,
      apiVersion: { enum: [`${crd.spec.group}/${version.name}`] },
      kind: { enum: [kind] },
    },
  });
  const source = await compile(schema, kind, { bannerComment: BANNER, format: false });
  // A field's one-line comment fits on one line.
  const compact = source.replaceAll(/\/\*\*\n\s*\* (.*)\n\s*\*\//g, '/** $1 */');
  const filepath = fileURLToPath(TYPES_FILE);
  return await format(compact, { ...(await resolveConfig(filepath)), filepath });
}

/** A structural schema as the JSON schema that json-schema-to-typescript turns into the wanted type. */
function convert(path: string, schema: Schema): Record<string, unknown> {
  const tsType = path === 'metadata' ? METADATA_TYPE : KUBERNETES_TYPES[path];
  const documented = schema.description === undefined ? {} : { description: schema.description };
  if (tsType) return { ...documented, tsType };
  if (schema['x-kubernetes-int-or-string']) return { ...documented, tsType: 'number | string' };
  if (schema.enum) return { ...documented, enum: schema.enum };
  if (schema.items) return { ...documented, type: 'array', items: convert(`${path}[]`, schema.items) };
  if (typeof schema.additionalProperties === 'object') return { ...documented, tsType: 'Record<string, string>' };
  if (schema.type !== 'object') return { ...documented, type: schema.type };
  return {
    ...documented,
    ...(NAMES[path] === undefined ? {} : { title: NAMES[path] }),
    ...convertObject(path, schema),
  };
}

/** The members of an object or map; a member with a default counts as required. */
function convertObject(path: string, schema: Schema): Record<string, unknown> {
  const { required = [], properties = {} } = schema;
  const members = Object.entries(properties);
  const child = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return {
    type: 'object',
    additionalProperties: false,
    required: [...required, ...members.flatMap(([name, member]) => ('default' in member ? [name] : []))],
    properties: Object.fromEntries(members.map(([name, member]) => [name, convert(child(name), member)])),
  };
}

if (import.meta.main) await writeFile(TYPES_FILE, await generateTypes());
