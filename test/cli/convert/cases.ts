/** A file of another system as its documentation or its users write it, and what becomes of it. */
export interface ConversionCase {
  readonly name: string;
  readonly source: string;
  /** metadata and spec of the result; undefined: it is refused. */
  readonly result?: { readonly metadata: object; readonly spec: object };
  /** In this order; each begins like this. */
  readonly refused?: readonly string[];
  /** Each is in one of the notes. */
  readonly notes?: readonly string[];
}

const isvc = (predictor: string, rest = ''): string =>
  `apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: iris}\nspec:\n  predictor: ${predictor}\n${rest}`;
const onnx = (more = ''): string => `{modelFormat: {name: onnx}, storageUri: gs://models/iris/model.onnx${more}}`;
const IRIS = { path: 'gs://models/iris/model.onnx' };

export const KSERVE: readonly ConversionCase[] = [
  {
    name: "the documentation's ONNX example",
    source: `
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: "style-sample"
spec:
  predictor:
    model:
      protocolVersion: v2
      modelFormat:
        name: onnx
      storageUri: "gs://kfserving-examples/models/onnx"
`,
    result: { metadata: { name: 'style-sample' }, spec: { model: { path: 'gs://kfserving-examples/models/onnx/' } } },
    notes: ['read as a folder', 'the Service is called style-sample, not style-sample-predictor'],
  },
  {
    name: 'the old schema',
    source: isvc('{onnx: {storageUri: gs://models/iris/model.onnx, resources: {limits: {memory: 1Gi}}}}'),
    result: { metadata: { name: 'iris' }, spec: { model: IRIS, resources: { limits: { memory: '1Gi' } } } },
  },
  {
    name: 'one as a platform writes it, with an autoscaler and pod fields',
    source: `
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: mnist-v1
  namespace: vision
  labels: {networking.kserve.io/visibility: exposed, team: vision}
  annotations:
    openshift.io/display-name: mnist - v1
    serving.kserve.io/deploymentMode: RawDeployment
    owner: a@example.com
spec:
  predictor:
    minReplicas: 2
    maxReplicas: 5
    scaleMetric: cpu
    scaleTarget: 70
    timeout: 60
    serviceAccountName: reader
    nodeSelector: {pool: models}
    tolerations: [{key: models, operator: Exists}]
    imagePullSecrets: [{name: pull}]
    labels: {cost: ml}
    batcher: {maxBatchSize: 32, maxLatency: 50}
    model:
      modelFormat: {name: onnx, version: "1"}
      name: ""
      runtime: kserve-ovms
      resources: {limits: {cpu: "2", memory: 8Gi}, requests: {cpu: "1", memory: 4Gi}}
      env: [{name: GOOGLE_APPLICATION_CREDENTIALS_JSON, valueFrom: {secretKeyRef: {name: key, key: key.json}}}]
      storageUri: pvc://models/mnist/model.onnx
status: {url: "http://mnist-v1.example.com"}
`,
    result: {
      metadata: {
        name: 'mnist-v1',
        namespace: 'vision',
        labels: { team: 'vision' },
        annotations: { owner: 'a@example.com' },
      },
      spec: {
        model: { path: 'pvc://models/mnist/model.onnx' },
        resources: { limits: { cpu: '2', memory: '8Gi' }, requests: { cpu: '1', memory: '4Gi' } },
        env: [
          {
            name: 'GOOGLE_APPLICATION_CREDENTIALS_JSON',
            valueFrom: { secretKeyRef: { name: 'key', key: 'key.json' } },
          },
        ],
        autoscaling: { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
        serviceAccountName: 'reader',
        nodeSelector: { pool: 'models' },
        tolerations: [{ key: 'models', operator: 'Exists' }],
        imagePullSecrets: [{ name: 'pull' }],
        requestTimeout: '60s',
        batching: { maxRows: 32, maxQueuedRows: 1024 },
        podLabels: { cost: 'ml' },
      },
    },
    notes: [
      'networking.kserve.io/visibility',
      'spec.predictor.model.runtime: one runtime',
      'batcher.maxLatency: requests never wait',
    ],
  },
  {
    name: 'an autoscaler without requested CPU',
    source: isvc(`{maxReplicas: 3, model: ${onnx(', resources: {limits: {memory: 1Gi}}')}}`),
    result: {
      metadata: { name: 'iris' },
      spec: {
        model: IRIS,
        resources: { limits: { memory: '1Gi' }, requests: { cpu: '100m' } },
        autoscaling: { minReplicas: 1, maxReplicas: 3 },
      },
    },
    notes: ['resources.requests.cpu: 100m'],
  },
  {
    name: 'a fixed number of pods',
    source: isvc(`{minReplicas: 3, maxReplicas: 3, model: ${onnx()}}`),
    result: { metadata: { name: 'iris' }, spec: { model: IRIS, replicas: 3 } },
  },
  {
    name: 'an autoscaler that is switched off by annotation',
    source: isvc(`{minReplicas: 2, maxReplicas: 9, model: ${onnx()}}`).replace(
      '{name: iris}',
      '{name: iris, annotations: {serving.kserve.io/autoscalerClass: none}}',
    ),
    result: { metadata: { name: 'iris' }, spec: { model: IRIS, replicas: 2 } },
  },
  {
    name: 'scikit-learn on S3',
    source: isvc('{model: {modelFormat: {name: sklearn}, storageUri: s3://models/iris}}'),
    refused: [
      'spec.predictor.model.modelFormat.name: is sklearn',
      'spec.predictor.model.storageUri: s3://models/iris is not in',
    ],
  },
  {
    name: 'a legacy scikit-learn predictor',
    source: isvc('{sklearn: {storageUri: gs://models/iris}}'),
    refused: ['spec.predictor.sklearn: is sklearn'],
  },
  {
    name: 'Hugging Face, language models and https',
    source: isvc('{model: {modelFormat: {name: huggingface}, args: ["--model_id=x"], storageUri: "hf://meta/x"}}'),
    refused: [
      'spec.predictor.model.modelFormat.name',
      'spec.predictor.model.storageUri: hf://',
      'spec.predictor.model.args: has no equivalent',
    ],
  },
  {
    name: 'a container of your own',
    source: isvc('{containers: [{name: kserve-container, image: example/custom}]}'),
    refused: ['spec.predictor.model: is missing', 'spec.predictor.containers: has no equivalent'],
  },
  {
    name: 'transformer, explainer, canary and payload log',
    source: isvc(
      `{canaryTrafficPercent: 10, logger: {mode: all}, model: ${onnx()}}`,
      '  transformer: {containers: [{image: x}]}\n  explainer: {art: {type: SquareAttack}}\n  canary: [{trafficPercent: 25}]\n',
    ),
    refused: [
      'spec.predictor.logger',
      'spec.predictor.canaryTrafficPercent',
      'spec.transformer',
      'spec.explainer',
      'spec.canary',
    ],
  },
  { name: 'scale to zero', source: isvc(`{minReplicas: 0, model: ${onnx()}}`), refused: ['minReplicas: is 0'] },
  {
    name: 'a GPU',
    source: isvc(`{model: ${onnx(', resources: {limits: {nvidia.com/gpu: "1"}}')}}`),
    refused: ['spec.predictor.model.resources nvidia.com/gpu: is a device'],
  },
  {
    name: 'scaling by concurrency',
    source: isvc(`{maxReplicas: 3, scaleMetric: concurrency, scaleTarget: 5, model: ${onnx()}}`),
    refused: ['spec.predictor.scaleMetric: is concurrency'],
  },
  {
    name: 'KEDA',
    source: isvc(`{model: ${onnx()}}`).replace(
      '{name: iris}',
      '{name: iris, annotations: {serving.kserve.io/autoscalerClass: keda}}',
    ),
    refused: ['metadata.annotations serving.kserve.io/autoscalerClass: is keda'],
  },
  {
    name: 'a storage secret',
    source: isvc('{model: {modelFormat: {name: onnx}, storage: {key: k, path: p}}}'),
    refused: ['spec.predictor.model.storage: names a storage secret', 'spec.predictor.model.storageUri: is missing'],
  },
  {
    name: 'fields nobody knows',
    source: isvc(`{model: ${onnx(', future: {a: {b: 1}}')}, volumes: [{name: v}]}`),
    refused: ['spec.predictor.model.future.a.b: has no equivalent', 'spec.predictor.volumes: has no equivalent'],
  },
  {
    name: 'wrong types',
    source: isvc('{minReplicas: many, model: {modelFormat: {name: onnx}, storageUri: 5, resources: x}}'),
    refused: [
      'spec.predictor.model.storageUri: is not text',
      'spec.predictor.model.storageUri: is missing',
      'spec.predictor.model.resources: is not an object',
      'spec.predictor.minReplicas: is not a whole number',
    ],
  },
];

const seldon = (spec: string): string =>
  `apiVersion: mlops.seldon.io/v1alpha1\nkind: Model\nmetadata: {name: iris}\nspec: ${spec}\n`;

export const SELDON: readonly ConversionCase[] = [
  {
    name: "the documentation's ONNX sample",
    source: `
apiVersion: mlops.seldon.io/v1alpha1
kind: Model
metadata:
  name: mnist-onnx
spec:
  storageUri: "gs://seldon-models/scv2/samples/triton_22-11/mnist-onnx"
  requirements:
  - onnx
`,
    result: {
      metadata: { name: 'mnist-onnx' },
      spec: { model: { path: 'gs://seldon-models/scv2/samples/triton_22-11/mnist-onnx/' } },
    },
    notes: ['not at seldon-mesh'],
  },
  {
    name: 'several replicas, a version and a server',
    source: seldon(
      '{storageUri: gs://m-1/iris, artifactVersion: 2, modelType: onnx, replicas: 3, memory: 100Ki, server: triton, dedicated: true}',
    ),
    result: { metadata: { name: 'iris' }, spec: { model: { path: 'gs://m-1/iris/2/' }, replicas: 3 } },
    notes: ['spec.memory: is the size of the model', 'spec.server: every model', 'spec.dedicated: every model'],
  },
  {
    name: 'a range of replicas',
    source: seldon('{storageUri: gs://m-1/iris, requirements: [onnx], minReplicas: 1, maxReplicas: 4}'),
    result: {
      metadata: { name: 'iris' },
      spec: { model: { path: 'gs://m-1/iris/' }, autoscaling: { minReplicas: 1, maxReplicas: 4 } },
    },
    notes: ['by CPU (80 % of the request)'],
  },
  {
    name: 'scikit-learn',
    source: seldon(
      '{storageUri: "gs://seldon-models/scv2/samples/mlserver_1.3.5/iris-sklearn", requirements: [sklearn], memory: 100Ki}',
    ),
    refused: ['spec.requirements: asks for sklearn'],
  },
  {
    name: 'an explainer',
    source: seldon('{storageUri: gs://m-1/explainer, explainer: {type: anchor_tabular, modelRef: income}}'),
    refused: ['spec.requirements: asks for nothing', 'spec.explainer'],
  },
  {
    name: 'secret, logger, parameters, preloaded, language models',
    source: seldon(
      '{storageUri: gs://m-1/a, requirements: [onnx, gpu], secretName: s, logger: {percent: 5}, parameters: [{name: a, value: b}], preloaded: true, llm: {modelRef: x}}',
    ),
    refused: [
      'spec.requirements: asks for gpu',
      'spec.preloaded',
      'spec.secretName',
      'spec.logger',
      'spec.llm',
      'spec.parameters',
    ],
  },
];

export const VERTEX: readonly ConversionCase[] = [
  {
    name: 'what gcloud ai models describe prints of our own image',
    source: JSON.stringify({
      name: 'projects/1/locations/europe-west4/models/2',
      displayName: 'Iris Classifier v2',
      description: 'of the tutorial',
      artifactUri: 'gs://models/iris',
      containerSpec: {
        imageUri: 'europe-docker.pkg.dev/p/ml/modeldeployment-runtime:0.1.0',
        predictRoute: '/v1/models/iris:predict',
        healthRoute: '/readyz',
        ports: [{ containerPort: 8080 }],
        env: [{ name: 'LOG_LEVEL', value: 'warn' }],
      },
      labels: { team: 'ml' },
      predictSchemata: {},
      supportedDeploymentResourcesTypes: ['DEDICATED_RESOURCES'],
      supportedInputStorageFormats: ['jsonl'],
      createTime: '2026-01-01T00:00:00Z',
      updateTime: '2026-01-01T00:00:00Z',
      etag: 'x',
      versionId: '1',
      versionAliases: ['default'],
    }),
    result: {
      metadata: {
        name: 'iris-classifier-v2',
        labels: { team: 'ml' },
        annotations: { 'kubernetes.io/description': 'of the tutorial' },
      },
      spec: { model: { path: 'gs://models/iris/' } },
    },
    notes: ['number of pods, CPU and memory belong to a Vertex AI Endpoint', 'left out LOG_LEVEL', 'predictRoute'],
  },
  {
    name: 'a request of models:upload with a prebuilt container',
    source: JSON.stringify({
      model: {
        displayName: 'uploaded-model-2',
        predictSchemata: {},
        containerSpec: { imageUri: 'europe-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-2:latest' },
        artifactUri: 'gs://ad-2345/model',
      },
    }),
    refused: ['containerSpec.imageUri: serves sklearn'],
  },
  {
    name: 'a container of your own, with arguments',
    source: JSON.stringify({
      displayName: '42',
      artifactUri: 'gs://models/x',
      containerSpec: { imageUri: 'gcr.io/p/fastapi:1', command: ['python'], args: ['-m', 'app'] },
      explanationSpec: { parameters: {} },
    }),
    refused: [
      'displayName: gives no name',
      'containerSpec.imageUri: gcr.io/p/fastapi:1',
      'containerSpec.command',
      'containerSpec.args',
      'explanationSpec',
    ],
  },
];
