import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1TopologySpreadConstraint } from '@kubernetes/client-node';
import { PORTS, PROBES } from '../../runtime/contract.ts';
import type { ModelDeployment } from '../api/generated.ts';
import { ANNOTATIONS } from '../api/labels.ts';
import { asStored, storedResources } from './as-stored.ts';
import { drainTimeoutMs, makeEnvironment } from './environment.ts';
import type { Rollout, TemplateConfig } from './inputs.ts';
import { childLabels, selectorLabels } from './metadata.ts';
import { RUNTIME_CONTAINER } from './names.ts';
import { templateHash } from './template-hash.ts';
import { makeVolumes } from './volumes.ts';

/** `USER` of Dockerfile.runtime; numeric, because the kubelet cannot tell that a name is not root. */
const USER_ID = 65_532;
/** Seconds beyond the drain: 5 in which the pod still serves while endpoints are withdrawn, the rest for a slow exit. */
const EXIT_ALLOWANCE_SECONDS = 10;
/** What monitoring add-ons look for; a user may say otherwise in podAnnotations. */
const SCRAPE_ANNOTATIONS = {
  'prometheus.io/scrape': 'true',
  'prometheus.io/port': String(PORTS.metrics),
  'prometheus.io/path': '/metrics',
  'kubectl.kubernetes.io/default-container': RUNTIME_CONTAINER,
};

/**
 * The pods of a ModelDeployment. Any change of what this returns for an unchanged spec restarts every pod of every user on
 * upgrade: golden hashes in the tests stand guard (test/operator/resources/template-hashes.yaml).
 * @throws InvalidSpecError
 */
export function makePodTemplate(
  modelDeployment: ModelDeployment,
  rollout: Rollout,
  config: TemplateConfig,
): V1PodTemplateSpec {
  const { spec } = modelDeployment;
  const labels = { ...spec.podLabels, ...childLabels(modelDeployment) };
  const annotations = {
    ...SCRAPE_ANNOTATIONS,
    ...spec.podAnnotations,
    ...(rollout.generation === undefined ? {} : { [ANNOTATIONS.modelGeneration]: rollout.generation }),
  };
  const podSpec = makePodSpec(modelDeployment, rollout, config);
  const hash = templateHash({ metadata: { labels, annotations }, spec: podSpec });
  return { metadata: { labels, annotations: { ...annotations, [ANNOTATIONS.templateHash]: hash } }, spec: podSpec };
}

function makePodSpec(modelDeployment: ModelDeployment, rollout: Rollout, config: TemplateConfig): V1PodSpec {
  const { spec } = modelDeployment;
  const { volumes, volumeMounts } = makeVolumes(spec.model.path);
  const resources = storedResources(spec.resources);
  const container: V1Container = {
    name: RUNTIME_CONTAINER,
    image: spec.image ?? config.runtimeImage,
    env: makeEnvironment(modelDeployment, rollout, config),
    ports: [
      { name: 'http', containerPort: PORTS.http, protocol: 'TCP' },
      { name: 'grpc', containerPort: PORTS.grpc, protocol: 'TCP' },
      { name: 'metrics', containerPort: PORTS.metrics, protocol: 'TCP' },
    ],
    ...(resources ? { resources } : {}),
    volumeMounts,
    ...PROBING,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
  return asStored({
    ...placement(modelDeployment),
    ...(spec.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
    ...(spec.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: Math.ceil(drainTimeoutMs(spec) / 1000) + EXIT_ALLOWANCE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container],
    volumes,
  });
}

/**
 * /livez answers before and while the model loads, however long that takes, so start-up and liveness watch the process and
 * readiness alone waits for the model.
 */
const PROBING: Pick<V1Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> = {
  // 60 x 1 s: a Node process starts within a second, and within a minute on a small CPU limit.
  startupProbe: {
    httpGet: { path: PROBES.live, port: 'http' },
    periodSeconds: 1,
    timeoutSeconds: 5,
    failureThreshold: 60,
  },
  // 6 x 10 s: restarting a pod that is merely busy makes the others busier.
  livenessProbe: {
    httpGet: { path: PROBES.live, port: 'http' },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
  readinessProbe: {
    httpGet: { path: PROBES.ready, port: 'http' },
    periodSeconds: 2,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
};

/** A wish, not a demand. Both are named because one constraint of ours switches off all of the scheduler's own defaults. */
const DEFAULT_SPREAD: readonly V1TopologySpreadConstraint[] = [
  { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
];

function placement(modelDeployment: ModelDeployment): Partial<V1PodSpec> {
  const { nodeSelector, tolerations, affinity, priorityClassName, topologySpreadConstraints } = modelDeployment.spec;
  return {
    ...(nodeSelector && Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(affinity ? { affinity } : {}),
    ...(priorityClassName ? { priorityClassName } : {}),
    topologySpreadConstraints: (topologySpreadConstraints ?? DEFAULT_SPREAD).map((constraint) =>
      // Without a selector a constraint counts no pod at all, and nobody but us knows these pods' labels.
      Object.assign({ labelSelector: { matchLabels: selectorLabels(modelDeployment) } }, constraint),
    ),
  };
}
