/**
 * crds/modeldeployment.yaml -> operator/api/generated.ts.
 * Types are those of an object as the API server returns it: a field with a default is always there.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { KUBERNETES_TYPES, memberPath, readApi, type Schema } from './schema.ts';

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

/** What the API server itself sets on every stored object. */
const METADATA_TYPE = 'V1ObjectMeta & { name: string; namespace: string; uid: string; generation: number }';

const IMPORTS = [...new Set(['V1ObjectMeta', ...Object.values(KUBERNETES_TYPES)])].sort().join(', ');
const BANNER = `/** Generated from crds/modeldeployment.yaml by \`npm run generate\`. Never edited by hand. */
import type { ${IMPORTS} } from '@kubernetes/client-node';`;

/** The TypeScript source of the API's types, formatted as the repository's sources are. */
export async function generateTypes(): Promise<string> {
  const { kind, apiVersion, schema } = await readApi();
  const complete = {
    ...schema,
    required: ['apiVersion', 'kind', 'metadata', ...(schema.required ?? [])],
    properties: { ...schema.properties, apiVersion: { enum: [apiVersion] }, kind: { enum: [kind] } },
  };
  const source = await compile(convert('', complete), kind, { bannerComment: BANNER, format: false });
  // A comment of one line on one line.
  const compact = source.replaceAll(/\/\*\*\n\s*\* (.*)\n\s*\*\//g, '/** $1 */');
  const filepath = fileURLToPath(TYPES_FILE);
  return await format(compact, { ...(await resolveConfig(filepath)), filepath });
}

/** A structural schema as the JSON schema that json-schema-to-typescript turns into the wanted type. */
function convert(path: string, schema: Schema): Record<string, unknown> {
  const documented = schema.description === undefined ? {} : { description: schema.description };
  const tsType = path === 'metadata' ? METADATA_TYPE : KUBERNETES_TYPES[path];
  if (tsType) return { ...documented, tsType };
  if (schema['x-kubernetes-int-or-string']) return { ...documented, tsType: 'number | string' };
  if (schema.enum) return { ...documented, enum: schema.enum };
  if (schema.items) return { ...documented, type: 'array', items: convert(`${path}[]`, schema.items) };
  if (schema.additionalProperties?.type === 'string') return { ...documented, tsType: 'Record<string, string>' };
  if (schema.type !== 'object') return { ...documented, type: schema.type };
  const title = NAMES[path];
  return { ...documented, ...(title === undefined ? {} : { title }), ...convertMembers(path, schema) };
}

/** The members of an object; one with a default counts as required. */
function convertMembers(path: string, { required = [], properties = {} }: Schema): Record<string, unknown> {
  const members = Object.entries(properties);
  return {
    type: 'object',
    additionalProperties: false,
    required: [...required, ...members.flatMap(([name, member]) => ('default' in member ? [name] : []))],
    properties: Object.fromEntries(members.map(([name, member]) => [name, convert(memberPath(path, name), member)])),
  };
}

if (import.meta.main) await writeFile(TYPES_FILE, await generateTypes());
