import type { Converted } from './converted.ts';
import { modelPath, podFields, resources, scaling, userKeys, type Scale } from './shared-fields.ts';
import { isObject, type PlainObject, type SourceObject } from './source-object.ts';

/** Formats that predictors had before `model`: https://kserve.github.io/website/docs/reference/crd-api */
const LEGACY_FORMATS = [
  'onnx',
  'sklearn',
  'xgboost',
  'lightgbm',
  'tensorflow',
  'pytorch',
  'triton',
  'huggingface',
  'pmml',
  'paddle',
];
/** Labels and annotations that steer KServe and what stands around it. */
const FOREIGN_KEYS =
  /^(?:serving\.kserve\.io|(?:internal\.)?serving\.kserve|networking\.kserve\.io|sidecar\.istio\.io|serving\.knative\.dev|autoscaling\.knative\.dev|networking\.knative\.dev|kubectl\.kubernetes\.io|openshift\.io|opendatahub\.io|security\.opendatahub\.io|prometheus\.io)(?:\/|$)/;
const EXPORT_HINT = 'export the model to ONNX (python -m modeldeployment export) and upload that';

/** What `spec.predictor.model` gives. */
interface ModelFields {
  readonly model: PlainObject;
  readonly resources: PlainObject | undefined;
  readonly env: unknown;
}

/** KServe `InferenceService` (serving.kserve.io/v1beta1), field by field. */
export function fromKServe(source: SourceObject): Converted {
  const metadata = {
    name: source.text('metadata.name'),
    namespace: source.text('metadata.namespace'),
    labels: userKeys(source, 'metadata.labels', FOREIGN_KEYS),
    ...scaledByNobody(source),
  };
  const { isFixed, ...kept } = metadata;
  const model = modelOf(source);
  const component = componentOf(source, isFixed);
  const scalable = 'autoscaling' in component ? { resources: withRequestedCpu(model.resources, source) } : {};
  refuseOthers(source);
  source.note(
    `clients: the Service is called ${metadata.name}, not ${metadata.name}-predictor; V1 (:predict) and V2 (/infer) are both served`,
  );
  return { metadata: kept, spec: { ...model, ...component, ...scalable } };
}

/** Annotations, of which one says that nothing scales the predictor. */
function scaledByNobody(source: SourceObject): { annotations: PlainObject | undefined; isFixed: boolean } {
  const annotations = source.object('metadata.annotations');
  const own = annotations?.['serving.kserve.io/autoscalerClass'];
  if (own === 'keda' || own === 'external') {
    source.refuse(
      'metadata.annotations serving.kserve.io/autoscalerClass',
      `is ${own}: leave autoscaling out and let that scaler scale the Deployment`,
    );
  }
  const entries = Object.entries(annotations ?? {}).filter(([key]) => !FOREIGN_KEYS.test(key));
  return { annotations: entries.length > 0 ? Object.fromEntries(entries) : undefined, isFixed: own === 'none' };
}

/** Autoscaling measures the use of CPU against the request. */
function withRequestedCpu(given: PlainObject | undefined, source: SourceObject): PlainObject | undefined {
  const { requests, limits } = given ?? {};
  const hasCpu = [requests, limits].some((list) => isObject(list) && list['cpu'] !== undefined);
  if (!given || hasCpu) return given;
  source.note('resources.requests.cpu: 100m, because autoscaling needs one and none was given');
  return { ...given, requests: { ...(isObject(requests) ? requests : {}), cpu: '100m' } };
}

function modelOf(source: SourceObject): ModelFields {
  const legacy = LEGACY_FORMATS.find((format) => source.has(`spec.predictor.${format}`));
  const at = legacy === undefined ? 'spec.predictor.model' : `spec.predictor.${legacy}`;
  const format = legacy ?? source.text(`${at}.modelFormat.name`);
  source.ignore(`${at}.modelFormat.version`, `${at}.name`, `${at}.protocolVersion`);
  if (!source.has(at)) {
    source.refuse('spec.predictor.model', 'is missing: a container of your own has no equivalent here');
  } else if (format !== 'onnx') {
    source.refuse(
      legacy ? at : `${at}.modelFormat.name`,
      `is ${format ?? 'missing'}, and the runtime serves ONNX: ${EXPORT_HINT}`,
    );
  }
  source.noteIfGiven(`${at}.runtime`, 'one runtime serves every model');
  source.noteIfGiven(`${at}.runtimeVersion`, 'one runtime serves every model');
  source.refuseIfGiven(
    `${at}.storage`,
    'names a storage secret: write the place as storageUri, and let the pods read it by serviceAccountName',
  );
  const path = source.has(at) ? modelPath(source, `${at}.storageUri`) : undefined;
  return { model: { path }, resources: resources(source, `${at}.resources`), env: source.take(`${at}.env`) };
}

function componentOf(source: SourceObject, isFixed: boolean): PlainObject {
  const at = 'spec.predictor';
  const timeout = source.integer(`${at}.timeout`);
  const maxRows = source.integer(`${at}.batcher.maxBatchSize`);
  source.noteIfGiven(
    `${at}.batcher.maxLatency`,
    'requests never wait for others: those that come while the model runs form the next batch',
  );
  source.noteIfGiven(`${at}.batcher.timeout`, 'see requestTimeout');
  source.noteIfGiven(`${at}.containerConcurrency`, 'admission is by rows: spec.batching.maxQueuedRows');
  source.noteIfGiven(
    `${at}.deploymentStrategy`,
    'pods are always replaced one by one, none before its successor is ready',
  );
  source.refuseIfGiven(`${at}.logger`, 'requests and answers are not logged');
  source.refuseIfGiven(`${at}.canaryTrafficPercent`, 'traffic is not split between versions');
  source.refuseIfGiven(`${at}.workerSpec`, 'one pod serves one model');
  source.ignore(`${at}.name`);
  return {
    ...scaling(source, scaleOf(source, at, isFixed)),
    ...podFields(source, at),
    ...(timeout === undefined ? {} : { requestTimeout: `${timeout}s` }),
    ...(maxRows === undefined ? {} : { batching: { maxRows, maxQueuedRows: Math.max(1024, maxRows) } }),
    podLabels: userKeys(source, `${at}.labels`, FOREIGN_KEYS),
    podAnnotations: userKeys(source, `${at}.annotations`, FOREIGN_KEYS),
  };
}

function scaleOf(source: SourceObject, at: string, isFixed: boolean): Scale {
  const [minimum, maximum] = [source.integer(`${at}.minReplicas`), source.integer(`${at}.maxReplicas`)];
  const metric = source.text(`${at}.scaleMetric`) ?? 'cpu';
  const target = source.integer(`${at}.scaleTarget`);
  source.noteIfGiven(`${at}.scaleMetricType`, 'the target is a share of the requested CPU');
  if (isFixed) return { minimum, maximum: undefined };
  if (metric !== 'cpu') {
    source.refuse(`${at}.scaleMetric`, `is ${metric}: scale by CPU, or write spec.autoscaling.metrics yourself`);
  }
  return { minimum, maximum, targetCpuPercent: target };
}

function refuseOthers(source: SourceObject): void {
  source.refuseIfGiven(
    'spec.transformer',
    'there are no transformers: put the preprocessing into the ONNX graph, as a scikit-learn pipeline does',
  );
  source.refuseIfGiven('spec.explainer', 'there are no explainers');
  source.refuseIfGiven('spec.canary', 'traffic is not split between versions');
  source.ignore('apiVersion', 'kind', 'status', 'metadata');
}

export function isInferenceService(object: PlainObject): boolean {
  return object['kind'] === 'InferenceService' && String(object['apiVersion']).startsWith('serving.kserve.io/');
}
