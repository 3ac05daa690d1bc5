import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type {
  V1ContainerStatus,
  V1Deployment,
  V1DeploymentStatus,
  V1EndpointSlice,
  V1Pod,
  V1PodStatus,
  V1Service,
} from '@kubernetes/client-node';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import type { Children, Observed } from '../../operator/api/observed.ts';
import { modelDeployment, type Partially } from './model-deployment.ts';

/** Hash of the template that is wanted in these tests, and of the one before. */
export const CURRENT = 'current';
export const PREVIOUS = 'previous';
export const NEW_GENERATION = '1718000000000001';
export const OLD_GENERATION = '1718000000000000';
export const NOW = new Date('2026-03-01T12:00:00.500Z');

/** The fields of a class of the client library as a plain object, which may be spread. */
export type Plain<T> = { [K in keyof T]: T[K] };
export type PodStatus = Plain<V1PodStatus>;

export interface PodOptions {
  readonly hash?: string;
  readonly generation?: string | undefined;
  /** Also a ready endpoint. Default false. */
  readonly ready?: boolean;
  readonly status?: PodStatus;
  readonly deleted?: boolean;
}

/** A pod of a template; not ready and silent unless said otherwise. */
export function pod(name: string, options: PodOptions = {}): V1Pod {
  const { hash = CURRENT, ready = false, deleted = false } = options;
  const generation = 'generation' in options ? options.generation : hash === CURRENT ? NEW_GENERATION : OLD_GENERATION;
  return {
    metadata: {
      name,
      annotations: {
        [ANNOTATIONS.templateHash]: hash,
        ...(generation === undefined ? {} : { [ANNOTATIONS.modelGeneration]: generation }),
      },
      ...(deleted ? { deletionTimestamp: NOW } : {}),
    },
    spec: {
      containers: [{ name: 'runtime', image: 'runtime:1', resources: { limits: { memory: '512Mi' } } }],
    },
    status: options.status ?? {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

/** Status of a pod whose container `runtime` is in that state. */
export function containerStatus(status: Partial<V1ContainerStatus>): PodStatus {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ name: 'runtime', image: 'runtime:1', imageID: '', ready: false, restartCount: 0, ...status }],
  };
}

/** The state of a container that ended with the runtime's own words. */
export function endedWith(reason: string, message: string): PodStatus {
  const terminated = { exitCode: 1, reason: 'Error', message: JSON.stringify({ reason, message }) };
  return containerStatus({
    restartCount: 1,
    lastState: { terminated },
    state: { waiting: { reason: 'CrashLoopBackOff' } },
  });
}

/** Endpoints of these pods, as ready as the pods say they are. */
export function endpointSlice(pods: readonly V1Pod[]): Plain<V1EndpointSlice> {
  return {
    addressType: 'IPv4',
    endpoints: pods.map(({ metadata, status }, index) => ({
      addresses: [`10.0.0.${index + 1}`],
      conditions: {
        ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
      },
      targetRef: { kind: 'Pod', name: metadata?.name ?? '' },
    })),
  };
}

export function service(port = 80): V1Service {
  return { metadata: { name: 'iris' }, spec: { ports: [{ name: 'http', port }] } };
}

export function deployment(status: Plain<V1DeploymentStatus> = {}, hash = CURRENT, replicas = 1): Plain<V1Deployment> {
  return {
    metadata: { name: 'iris', generation: 1, annotations: { [ANNOTATIONS.templateHash]: hash } },
    spec: { replicas, progressDeadlineSeconds: 600, selector: {}, template: {} },
    status: { observedGeneration: 1, ...status },
  };
}

export interface ObservedOptions extends Partial<Omit<Observed, 'children' | 'modelDeployment'>> {
  readonly modelDeployment?: Partially<ModelDeployment>;
  readonly pods?: readonly V1Pod[];
  readonly children?: Partial<Children>;
}

/** One ready pod of the wanted template, unless said otherwise. */
export function observed(options: ObservedOptions = {}): Observed {
  const { modelDeployment: written, pods = [pod('a', { ready: true })], children, ...rest } = options;
  const current = pods.filter(({ metadata }) => metadata?.annotations?.[ANNOTATIONS.templateHash] === CURRENT);
  return {
    modelDeployment: modelDeployment(written),
    resolution: { kind: 'resolved', generation: NEW_GENERATION, sizeBytes: 1024, resolvedAt: '2026-01-01T00:00:00Z' },
    desired: { templateHash: CURRENT, generation: NEW_GENERATION },
    rejection: undefined,
    problem: undefined,
    now: NOW,
    ...rest,
    children: {
      deployment: deployment({ replicas: pods.length, updatedReplicas: current.length }),
      service: service(),
      others: new Map(),
      pods,
      endpointSlices: [endpointSlice(pods)],
      ...children,
    },
  };
}

/** Content of a file of test/operator/status/testdata. */
export function recorded(name: string): unknown {
  const file = new URL(`../operator/status/testdata/${name}.yaml`, import.meta.url);
  return parse(readFileSync(file, 'utf8')) as unknown;
}
