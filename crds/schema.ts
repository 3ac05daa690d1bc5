/** The CRD as the generators read it: the part of a structural schema that types and the reference depend on. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface Schema {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
}

/** One version of the API. */
export interface Api {
  readonly kind: string;
  /** `group/version` */
  readonly apiVersion: string;
  readonly schema: Schema;
}

interface CustomResourceDefinition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

/** The source of truth of the API. */
export const CRD_FILE = new URL('modeldeployment.yaml', import.meta.url);

/** Fields shaped as in Kubernetes itself, by path in the object: name of their type in @kubernetes/client-node. */
export const KUBERNETES_TYPES: Readonly<Record<string, string>> = {
  'spec.autoscaling.metrics[]': 'V2MetricSpec',
  'spec.autoscaling.behavior': 'V2HorizontalPodAutoscalerBehavior',
  'spec.resources': 'V1ResourceRequirements',
  'spec.env[]': 'V1EnvVar',
  'spec.imagePullSecrets[]': 'V1LocalObjectReference',
  'spec.tolerations[]': 'V1Toleration',
  'spec.affinity': 'V1Affinity',
  'spec.topologySpreadConstraints[]': 'V1TopologySpreadConstraint',
};

/** The one version that crds/modeldeployment.yaml has. */
export async function readApi(): Promise<Api> {
  const { spec } = parse(await readFile(CRD_FILE, 'utf8')) as CustomResourceDefinition;
  const version = spec.versions[0];
  if (!version) throw new Error(`${fileURLToPath(CRD_FILE)}: spec.versions is empty`);
  return {
    kind: spec.names.kind,
    apiVersion: `${spec.group}/${version.name}`,
    schema: version.schema.openAPIV3Schema,
  };
}

/** Path of a member of the object at `path`; `''` is the object itself. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
