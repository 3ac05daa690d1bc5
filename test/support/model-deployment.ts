import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { ModelDeployment } from '../../operator/api/generated.ts';

interface Schema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface CustomResourceDefinition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

const CRD = parse(
  readFileSync(new URL('../../crds/modeldeployment.yaml', import.meta.url), 'utf8'),
) as CustomResourceDefinition;
const SCHEMA = CRD.spec.versions[0]?.schema.openAPIV3Schema ?? {};

/** Parts of an object: what a test cares about. */
export type Partially<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Partially<T[K]> }
    : T;

/** What a user wrote, as the API server hands it to the operator: with the defaults of the CRD filled in. */
export function modelDeployment(written: Partially<ModelDeployment> = {}): ModelDeployment {
  const object = {
    apiVersion: 'modeldeployment.dev/v1alpha1',
    kind: 'ModelDeployment',
    ...written,
    metadata: {
      name: 'iris',
      namespace: 'default',
      uid: '6b1c9a52-6a8e-4a51-9a4c-0f3a3a9d1c11',
      generation: 1,
      ...written.metadata,
    },
    spec: { ...written.spec, model: { path: 'gs://models/iris/model.onnx', ...written.spec?.model } },
  };
  return withDefaults(structuredClone(object), SCHEMA) as ModelDeployment;
}

/** Structural defaulting: a member that is absent takes its default, which is then defaulted itself. */
function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => (schema.items ? withDefaults(item, schema.items) : item));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (object[name] === undefined && member.default !== undefined) object[name] = structuredClone(member.default);
    if (object[name] !== undefined) object[name] = withDefaults(object[name], member);
  }
  return object;
}
