/** Specs at the edge of what is allowed, each accepted. */
export interface ValidSpec {
  readonly name: string;
  readonly spec: object;
}

const model = { path: 'gs://models/iris/model.onnx' };

function path(name: string, value: string): ValidSpec {
  return { name: `path ${name}`, spec: { model: { path: value } } };
}

function inModel(name: string, members: object): ValidSpec {
  return { name: `model: ${name}`, spec: { model: { ...model, ...members } } };
}

function inSpec(name: string, members: object): ValidSpec {
  return { name, spec: { model, ...members } };
}

export const VALID_SPECS: readonly ValidSpec[] = [
  path('of a folder', 'gs://models/passengers/'),
  path('of a whole bucket', 'gs://models'),
  path('with a bucket of three letters', 'gs://mod/a.onnx'),
  path('with a bucket of 63 letters', `gs://${'m'.repeat(63)}/a.onnx`),
  path('with a bucket that is a domain name', 'gs://models.example.com/a.onnx'),
  path('with blanks and letters of any language', 'gs://models/my models/fleurs été 花.onnx'),
  path('with dots in a name', 'gs://models/v1..2/..model...onnx'),
  path('with a colon and a question mark', 'gs://models/a:b/c?d.onnx'),
  path('with the longest object name', `gs://models/${'a'.repeat(1024)}`),
  path('with the longest object name in letters of two bytes', `gs://models/${'é'.repeat(512)}`),
  path('of a claim', 'pvc://models.team-a/iris/model.onnx'),
  path('of a whole claim', 'pvc://models'),
  inModel('generation', { generation: '1' }),
  inModel('largest generation', { generation: '9223372036854775807' }),
  inModel('generation of a folder', { path: 'gs://models/iris/', generation: '17' }),
  inModel('generation and Pinned', { generation: '17', updates: 'Pinned' }),
  inModel('shortest pollInterval', { pollInterval: '1s' }),
  inModel('longest pollInterval', { pollInterval: '24h' }),
  inModel('pollInterval of parts, and Pinned', { pollInterval: '1h30m', updates: 'Pinned' }),
  inModel('sha256 in capitals', { sha256: 'ABCDEF0123456789'.repeat(4) }),
  inModel('labels', { task: 'Classification', labels: ['cat', 'dog'], activation: 'Softmax' }),
  inModel('labels of any language', { labels: ['Katze', '犬', 'it is a "cat"', ''.padEnd(128, '猫')] }),
  inModel('as many labels as allowed', { labels: Array.from({ length: 4096 }, (_, index) => `class ${index}`) }),
  inModel('activation of Auto', { activation: 'Sigmoid' }),
  inSpec('no replicas', { replicas: 0 }),
  inSpec('autoscaling', { autoscaling: { maxReplicas: 1 } }),
  inSpec('autoscaling, replicas written at their default', { replicas: 1, autoscaling: { maxReplicas: 2 } }),
  inSpec('autoscaling by another metric, without a CPU request', {
    autoscaling: {
      maxReplicas: 2,
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'rows' }, target: { type: 'AverageValue', averageValue: '100' } } },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] },
      },
    },
    resources: {},
  }),
  inSpec('autoscaling with a CPU limit alone', {
    autoscaling: { maxReplicas: 2 },
    resources: { limits: { cpu: 1 } },
  }),
  inSpec('a request that equals its limit in other units', {
    resources: { requests: { cpu: '1000m', memory: '1Gi' }, limits: { cpu: 1, memory: '1024Mi' } },
  }),
  inSpec('a GPU', { resources: { limits: { 'nvidia.com/gpu': 1, memory: '0.5Gi' } } }),
  inSpec('smallest and shortest', {
    maxRequestBytes: '1Ki',
    requestTimeout: '1s',
    batching: { maxRows: 1, maxQueuedRows: 1 },
  }),
  inSpec('largest and longest', { maxRequestBytes: '1Gi', requestTimeout: '10m' }),
  inSpec('maxRequestBytes as a number', { maxRequestBytes: 1048576 }),
  inSpec('requestTimeout of two units', { requestTimeout: '1m30s' }),
  inSpec('requestTimeout in milliseconds', { requestTimeout: '1500ms' }),
  inSpec('image by digest', { image: `example.com:5000/team/runtime@sha256:${'0'.repeat(64)}` }),
  inSpec('env from everywhere', {
    env: [
      { name: 'EMPTY' },
      { name: 'dotted.name-1', value: '$(EMPTY)' },
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'a', optional: true } } },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
      { name: 'GOOGLE_APPLICATION_CREDENTIALS_JSON', valueFrom: { secretKeyRef: { name: 'a', key: 'key.json' } } },
    ],
  }),
  inSpec('a toleration of everything', { tolerations: [{ operator: 'Exists' }] }),
  inSpec('a pod label without a value', { podLabels: { 'example.com/team': '' } }),
  inSpec('as much of everything as rules look at', {
    env: Array.from({ length: 64 }, (_, index) => ({ name: `${'N'.repeat(250)}${index}`, value: 'x' })),
    podLabels: keys('x'.repeat(63)),
    podAnnotations: keys('x'.repeat(1000)),
    nodeSelector: keys('x'),
    service: { annotations: keys('x'.repeat(1000)) },
    tolerations: Array.from({ length: 32 }, (_, index) => ({ key: `key-${index}`, operator: 'Exists' })),
  }),
];

/** 32 of the longest keys. */
function keys(value: string): Record<string, string> {
  const prefix = `${'a'.repeat(249)}.com`;
  return Object.fromEntries(
    Array.from({ length: 32 }, (_, index) => [`${prefix}/${String(index).padStart(63, 'k')}`, value]),
  );
}
