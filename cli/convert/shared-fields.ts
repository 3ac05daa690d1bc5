import { isObject, type PlainObject, type SourceObject } from './source-object.ts';

/** Fields that core/v1 pods have and `spec` has under the same name. */
const POD_FIELDS = [
  'serviceAccountName',
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'priorityClassName',
  'imagePullSecrets',
] as const;

/** How many pods, as the other systems say it. */
export interface Scale {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** Percent of the requested CPU. */
  readonly targetCpuPercent?: number | undefined;
}

/** `gs://bucket/folder` of the other systems names a folder; here that takes a slash at its end. */
export function modelPath(source: SourceObject, field: string): string | undefined {
  const uri = source.text(field);
  if (uri === undefined || uri === '') {
    source.refuse(field, 'is missing: it says where the model lies');
    return undefined;
  }
  if (!/^(?:gs|pvc):\/\//.test(uri)) {
    source.refuse(
      field,
      `${uri} is not in Google Cloud Storage (gs://) nor on a volume (pvc://): copy the model there`,
    );
    return undefined;
  }
  if (/\.onnx$/i.test(uri)) return uri;
  source.note(`${field}: read as a folder, which must hold exactly one .onnx file, at any depth`);
  return uri.endsWith('/') ? uri : `${uri}/`;
}

/** Resources of the container; devices are refused. */
export function resources(source: SourceObject, field: string): PlainObject | undefined {
  const given = source.object(field);
  if (!given) return undefined;
  const names = [given['limits'], given['requests']].flatMap((list) => (isObject(list) ? Object.keys(list) : []));
  const devices = new Set(names.filter((name) => name.includes('/')));
  for (const name of devices) source.refuse(`${field} ${name}`, 'is a device, and the runtime computes on CPUs');
  return given;
}

/** Pod fields with the same name on both sides. */
export function podFields(source: SourceObject, prefix: string): PlainObject {
  return Object.fromEntries(
    POD_FIELDS.map((name) => [name, source.take(`${prefix}.${name}`)] as const).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** `replicas`, or `autoscaling` where the number may change. */
export function scaling(source: SourceObject, { minimum, maximum, targetCpuPercent }: Scale): PlainObject {
  const least = minimum ?? 1;
  if (least === 0) {
    source.refuse(
      'minReplicas',
      'is 0, and nothing here starts pods again when requests come: set 1, or delete the object while it is idle',
    );
  }
  // 0 stands for "no upper limit given" in both systems.
  const most = maximum === undefined || maximum === 0 ? least : maximum;
  if (most <= least) return least === 1 ? {} : { replicas: least };
  return {
    autoscaling: {
      minReplicas: Math.max(least, 1),
      maxReplicas: most,
      ...(targetCpuPercent === undefined ? {} : { targetCPUUtilizationPercentage: targetCpuPercent }),
    },
  };
}

/** Labels or annotations without those that steer the other system. */
export function userKeys(source: SourceObject, field: string, foreign: RegExp): PlainObject | undefined {
  const entries = Object.entries(source.object(field) ?? {});
  const dropped = entries.filter(([key]) => foreign.test(key)).map(([key]) => key);
  if (dropped.length > 0) source.note(`${field}: left out ${dropped.join(', ')}`);
  const kept = entries.filter(([key]) => !foreign.test(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
