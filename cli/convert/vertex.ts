import { dnsName } from '../dns-name.ts';
import type { Converted } from './converted.ts';
import { modelPath } from './shared-fields.ts';
import { isObject, type PlainObject, type SourceObject } from './source-object.ts';

/** Written by Vertex AI, not by the user: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.models */
const OUTPUT_ONLY = [
  'name',
  'versionId',
  'versionAliases',
  'versionCreateTime',
  'versionUpdateTime',
  'versionDescription',
  'createTime',
  'updateTime',
  'etag',
  'deployedModels',
  'supportedDeploymentResourcesTypes',
  'supportedExportFormats',
  'supportedInputStorageFormats',
  'supportedOutputStorageFormats',
  'trainingPipeline',
  'metadata',
  'metadataArtifact',
  'metadataSchemaUri',
  'modelSourceInfo',
  'originalModelInfo',
  'pipelineJob',
  'satisfiesPzi',
  'satisfiesPzs',
  'dataStats',
  'containerSpec.deploymentTimeout',
] as const;
/** Containers that serve ONNX files: what lies at artifactUri can be served here. */
const SERVES_ONNX = /(?:modeldeployment-runtime|onnxruntime|triton)/i;
const PREBUILT = /(?:vertex-ai|cloud-aiplatform)\/prediction\/(sklearn|xgboost|tf2?|pytorch)[-_.]/;

/** Vertex AI `Model`, as `gcloud ai models describe --format=json` prints it or `models:upload` takes it (without its `model`). */
export function fromVertex(source: SourceObject): Converted {
  const displayName = source.text('displayName') ?? '';
  const name = dnsName(displayName);
  if (name === '') source.refuse('displayName', 'gives no name: it needs a letter');
  checkContainer(source);
  const spec = { model: { path: modelPath(source, 'artifactUri') }, env: environment(source) };
  const description = source.text('description');
  source.noteIfGiven('predictSchemata', 'inputs and outputs are read from the model; /openapi.json describes them');
  source.noteIfGiven('encryptionSpec', 'the bucket has its own key; nothing is copied from it');
  source.refuseIfGiven('explanationSpec', 'there are no explainers');
  source.refuseIfGiven('baseModelSource', 'there are no foundation models');
  source.ignore(...OUTPUT_ONLY);
  source.note(
    'number of pods, CPU and memory belong to a Vertex AI Endpoint: set spec.replicas or spec.autoscaling, and spec.resources',
  );
  source.note(
    `clients: POST http://${name}/predict takes the same {"instances": [...]}; predictions are objects with label and probabilities`,
  );
  return {
    metadata: {
      name,
      labels: source.object('labels'),
      annotations: description ? { 'kubernetes.io/description': description } : undefined,
    },
    spec,
  };
}

function checkContainer(source: SourceObject): void {
  const image = source.text('containerSpec.imageUri') ?? '';
  const framework = PREBUILT.exec(image)?.[1];
  if (framework !== undefined) {
    source.refuse(
      'containerSpec.imageUri',
      `serves ${framework}, and the runtime serves ONNX: export the model (python -m modeldeployment export) and upload that`,
    );
  } else if (!SERVES_ONNX.test(image)) {
    source.refuse(
      'containerSpec.imageUri',
      `${image || 'nothing'}: code of a container of your own cannot be taken over, only a model in ONNX`,
    );
  } else source.note(`containerSpec.imageUri: ${image} is not used; one runtime serves every model`);
  source.noteIfGiven('containerSpec.predictRoute', 'predictions are at /predict and /v1/models/NAME:predict');
  for (const field of ['healthRoute', 'ports', 'grpcPorts', 'startupProbe', 'healthProbe', 'livenessProbe'])
    source.ignore(`containerSpec.${field}`);
  source.ignore('containerSpec.sharedMemorySizeMb');
  source.refuseIfGiven('containerSpec.command', 'the runtime has its own');
  source.refuseIfGiven('containerSpec.args', 'the runtime takes none');
}

/** Settings of the container that served before mean nothing to the runtime; a credential may. */
function environment(source: SourceObject): readonly PlainObject[] | undefined {
  const given = source.take('containerSpec.env');
  const entries = Array.isArray(given) ? given.filter((entry) => isObject(entry)) : [];
  const names = entries.map((entry) => String(entry['name']));
  if (names.length > 0)
    source.note(`containerSpec.env: left out ${names.join(', ')}; the runtime's settings are fields of the spec`);
  return undefined;
}

export function isVertexModel(object: PlainObject): boolean {
  return !('kind' in object) && ('artifactUri' in object || 'containerSpec' in object);
}
