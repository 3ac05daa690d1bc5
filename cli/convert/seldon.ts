import type { Converted } from './converted.ts';
import { modelPath, scaling, userKeys } from './shared-fields.ts';
import type { PlainObject, SourceObject } from './source-object.ts';

const FOREIGN_KEYS = /^(?:[\w.-]*seldon\.io|kubectl\.kubernetes\.io)\//;
const EXPORT_HINT = 'export the model to ONNX (python -m modeldeployment export) and upload that';

/** Seldon Core 2 `Model` (mlops.seldon.io/v1alpha1), field by field. */
export function fromSeldon(source: SourceObject): Converted {
  const metadata = {
    name: source.text('metadata.name'),
    namespace: source.text('metadata.namespace'),
    labels: userKeys(source, 'metadata.labels', FOREIGN_KEYS),
    annotations: userKeys(source, 'metadata.annotations', FOREIGN_KEYS),
  };
  checkFormat(source);
  const folder = modelPath(source, 'spec.storageUri');
  const version = source.integer('spec.artifactVersion');
  const path = version === undefined || folder === undefined ? folder : `${folder.replace(/\/*$/, '')}/${version}/`;
  const spec = { model: { path }, ...scalingOf(source) };
  source.noteIfGiven(
    'spec.memory',
    'is the size of the model; a pod also needs room for the runtime: see spec.resources (limit 512Mi)',
  );
  source.noteIfGiven('spec.server', 'every model has pods of its own');
  source.noteIfGiven('spec.dedicated', 'every model has pods of its own');
  source.noteIfGiven('spec.schemaUri', 'inputs and outputs are read from the model');
  source.noteIfGiven('spec.dataflow', 'there is no Kafka');
  source.refuseIfGiven('spec.preloaded', 'there is no server that has the model already');
  source.refuseIfGiven('spec.secretName', 'names an rclone secret: let the pods read the bucket by serviceAccountName');
  source.refuseIfGiven('spec.logger', 'requests and answers are not logged');
  source.refuseIfGiven('spec.explainer', 'there are no explainers');
  source.refuseIfGiven('spec.llm', 'there are no language models');
  source.refuseIfGiven('spec.parameters', 'the runtime takes no parameters of a model');
  source.ignore('apiVersion', 'kind', 'status', 'metadata');
  source.note(
    `clients: the model answers at the Service ${metadata.name}, not at seldon-mesh; V2 (/v2/models/${metadata.name}/infer) is served`,
  );
  return { metadata, spec };
}

/** `onnx` among the requirements, or as modelType. */
function checkFormat(source: SourceObject): void {
  const given = source.take('spec.requirements');
  const requirements = Array.isArray(given) ? given.map(String) : [];
  const type = source.text('spec.modelType');
  const formats = [...requirements, ...(type === undefined ? [] : [type])];
  const others = formats.filter((format) => format !== 'onnx');
  if (others.length > 0 || !formats.includes('onnx')) {
    const field = type === undefined ? 'spec.requirements' : 'spec.modelType';
    source.refuse(field, `asks for ${others.join(', ') || 'nothing'}, and the runtime serves ONNX: ${EXPORT_HINT}`);
  }
}

/** Seldon scales by its own measure between the two; here CPU is measured. */
function scalingOf(source: SourceObject): PlainObject {
  const [replicas, least, most] = ['replicas', 'minReplicas', 'maxReplicas'].map((name) =>
    source.integer(`spec.${name}`),
  );
  const minimum = least === undefined || least === 0 ? (replicas ?? 1) : least;
  const scaled = scaling(source, { minimum, maximum: most });
  if ('autoscaling' in scaled) source.note('autoscaling: by CPU (80 % of the request), not by the lag of requests');
  return scaled;
}

export function isSeldonModel(object: PlainObject): boolean {
  return object['kind'] === 'Model' && String(object['apiVersion']).startsWith('mlops.seldon.io/');
}
