import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../../operator/api/labels.ts';

/** Named after their Deployment and its template, so that a new template means new pods. */
export function makePods({ metadata, spec }: V1Deployment): V1Pod[] {
  const template = spec?.template;
  const hash = template?.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? 'none';
  return Array.from({ length: spec?.replicas ?? 1 }, (_, index) => ({
    metadata: Object.assign({}, template?.metadata, {
      name: `${metadata?.name}-${hash}-${metadata?.uid?.slice(0, 8)}-${index}`,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata?.name ?? '', uid: metadata?.uid ?? '' },
      ],
    }),
    spec: Object.assign({ containers: [] }, template?.spec, { nodeName: 'stand-in' }),
  }));
}

/** Of a pod that became ready at once. */
export function readyStatus({ metadata }: V1Pod): object {
  const at = new Date().toISOString();
  const podIP = addressOf(metadata?.name ?? '');
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: at,
  }));
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions, startTime: at };
}

/** Some address for a pod; nothing connects to it. */
function addressOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.charCodeAt(0)) % 65_025;
  return `10.9.${Math.floor(sum / 255)}.${(sum % 255) + 1}`.replace(/\.256$/, '.255');
}

/** With every pod as a ready endpoint. */
export function makeEndpointSlice({ metadata }: V1Deployment, pods: readonly V1Pod[]): object {
  const name = metadata?.name ?? '';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: metadata?.namespace,
      labels: { ...metadata?.labels, 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: pods.map((pod) => ({
      addresses: [addressOf(pod.metadata?.name ?? '')],
      conditions: { ready: true, serving: true, terminating: false },
      targetRef: { kind: 'Pod', name: pod.metadata?.name, namespace: metadata?.namespace },
    })),
  };
}

/** Of a Deployment that is rolled out. */
export function statusOf({ metadata }: V1Deployment, replicas: number): object {
  const at = new Date().toISOString();
  const condition = (type: string, reason: string): object => ({
    type,
    status: 'True',
    reason,
    message: '',
    lastUpdateTime: at,
    lastTransitionTime: at,
  });
  return {
    observedGeneration: metadata?.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      condition('Available', 'MinimumReplicasAvailable'),
      condition('Progressing', 'NewReplicaSetAvailable'),
    ],
  };
}
