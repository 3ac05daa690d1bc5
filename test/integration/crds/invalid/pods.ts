import { ENV, USER_ENV } from '../../../../runtime/contract.ts';
import { ANNOTATIONS, LABELS } from '../../../../operator/api/labels.ts';
import { inSpec } from './invalid-object.ts';
import type { InvalidObject } from './invalid-object.ts';

/** Wrong settings of Service and pods, and what the operator owns. */
export const PODS: readonly InvalidObject[] = [
  inSpec('logLevel unknown', { logLevel: 'verbose' }, 'logLevel', '"debug", "info", "warn", "error"'),
  inSpec(
    'service type unknown',
    { service: { type: 'ExternalName' } },
    'service.type',
    '"ClusterIP", "NodePort", "LoadBalancer"',
  ),
  inSpec('port 0', { service: { port: 0 } }, 'service.port', 'greater than or equal to 1'),
  inSpec('port too large', { service: { port: 65536 } }, 'service.port', 'less than or equal to 65535'),
  inSpec(
    'service annotation of the operator',
    { service: { annotations: { [ANNOTATIONS.templateHash]: 'x' } } },
    'service.annotations',
    "operator's own",
  ),
  inSpec(
    'service account in capitals',
    { serviceAccountName: 'Model Reader' },
    'serviceAccountName',
    'must be the name of a ServiceAccount',
  ),
  inSpec('image as a web address', { image: 'https://example.com/runtime:1' }, 'image', 'without https://'),
  inSpec('image with a blank', { image: 'example.com/runtime :1' }, 'image', 'must be an image reference'),
  inSpec(
    'env with two values',
    { env: [{ name: 'A', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'env[0]',
    'both value and valueFrom',
  ),
  inSpec(
    'env with two sources',
    {
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'a' }, fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    },
    'env[0].valueFrom',
    'at most 1',
  ),
  inSpec('env without a source', { env: [{ name: 'A', valueFrom: {} }] }, 'env[0].valueFrom', 'at least 1'),
  inSpec(
    'env without the key',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a' } } }] },
    'env[0].valueFrom.secretKeyRef.key',
    'Required value',
  ),
  inSpec(
    'env twice',
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    'env[1]',
    'Duplicate value',
  ),
  inSpec('env with a number', { env: [{ name: 'A', value: 1 }] }, 'env[0].value', 'must be of type string'),
  inSpec(
    'env with a name that starts with a digit',
    { env: [{ name: '1A', value: '' }] },
    'env[0].name',
    'for example HTTPS_PROXY',
  ),
  inSpec('env of Vertex AI', { env: [{ name: 'AIP_HTTP_PORT', value: '1' }] }, 'env[0].name', 'is set by the operator'),
  ...Object.values(ENV)
    .filter((name) => !USER_ENV.includes(name))
    .map((name) => inSpec(`env ${name}`, { env: [{ name, value: 'x' }] }, 'env[0].name', 'is set by the operator')),
  ...Object.values(LABELS).map((key) =>
    inSpec(
      `pod label ${key}`,
      { podLabels: { [key]: 'x' } },
      'podLabels',
      "the operator's own labels",
      'example.com/team',
    ),
  ),
  inSpec(
    'pod label under our prefix',
    { podLabels: { 'modeldeployment.dev/x': '' } },
    'podLabels',
    "operator's own labels",
  ),
  inSpec(
    'pod label with a wrong key',
    { podLabels: { 'a b': 'x' } },
    'podLabels',
    'a key that Kubernetes does not take',
  ),
  inSpec('pod label with a wrong value', { podLabels: { team: 'a b' } }, 'podLabels', 'a label value has letters'),
  ...Object.values(ANNOTATIONS).map((key) =>
    inSpec(`pod annotation ${key}`, { podAnnotations: { [key]: 'x' } }, 'podAnnotations', "operator's own"),
  ),
  inSpec('pod annotation as a boolean', { podAnnotations: { a: true } }, 'podAnnotations.a', 'must be of type string'),
  inSpec(
    'node selector with a wrong key',
    { nodeSelector: { 'a/b/c': 'x' } },
    'nodeSelector',
    'a key that Kubernetes does not take',
  ),
  inSpec('toleration of nothing', { tolerations: [{ effect: 'NoSchedule' }] }, 'tolerations[0]', 'must name a key'),
  inSpec(
    'toleration Exists with a value',
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
    'tolerations[0].value',
    'must not be set',
  ),
  inSpec(
    'toleration for a time',
    { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 3 }] },
    'tolerations[0].tolerationSeconds',
    'needs effect: NoExecute',
  ),
  inSpec(
    'toleration with an unknown effect',
    { tolerations: [{ key: 'a', effect: 'Never' }] },
    'tolerations[0].effect',
    '"NoSchedule"',
  ),
  inSpec(
    'spread without a key',
    { topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }] },
    'topologySpreadConstraints[0].topologyKey',
    'Required value',
  ),
  inSpec('affinity as a list', { affinity: [] }, 'affinity', 'must be of type object'),
  inSpec('pull secret without a name', { imagePullSecrets: [{}] }, 'imagePullSecrets[0].name', 'Required value'),
  inSpec('paused as text', { paused: 'yes' }, 'paused', 'must be of type boolean'),
];
