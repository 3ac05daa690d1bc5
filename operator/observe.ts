import type {
  KubernetesObject,
  V1Deployment,
  V1EndpointSlice,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { ModelDeployment } from './api/generated.ts';
import type { Children } from './api/observed.ts';
import type { Key } from './cluster/client.ts';
import { ownershipOf } from './ownership.ts';

/** What is read of one kind's cache. */
interface Named<T> {
  get(key: Key): T | undefined;
}
interface Grouped<T> {
  group(key: Key): readonly T[];
}

/** The caches a pass reads; cluster/cluster-cache.ts has them. */
export interface CacheReader {
  readonly modelDeployments: Named<ModelDeployment>;
  readonly deployments: Named<V1Deployment>;
  readonly services: Named<V1Service>;
  readonly autoscalers: Named<V2HorizontalPodAutoscaler>;
  readonly disruptionBudgets: Named<V1PodDisruptionBudget>;
  readonly pods: Grouped<V1Pod>;
  readonly endpointSlices: Grouped<V1EndpointSlice>;
}

/** One ModelDeployment and what the caches hold around it. */
export interface Snapshot {
  readonly modelDeployment: ModelDeployment;
  /** Children controlled by it. */
  readonly children: Children;
  /** Every object that has the name of a child, whoever owns it, by kind. */
  readonly sameName: ReadonlyMap<string, KubernetesObject>;
}

/** Gathers all that a pass knows of one key. undefined: there is no such ModelDeployment. */
export function observe(key: Key, cache: CacheReader): Snapshot | undefined {
  const modelDeployment = cache.modelDeployments.get(key);
  if (!modelDeployment) return undefined;
  const sameName = [
    cache.deployments.get(key),
    cache.services.get(key),
    cache.disruptionBudgets.get(key),
    cache.autoscalers.get(key),
  ].filter((object) => object !== undefined);
  const own = byKind(sameName.filter((object) => ownershipOf(object, modelDeployment) === 'own'));
  const { Deployment: deployment, Service: service, ...others } = Object.fromEntries(own);
  return {
    modelDeployment,
    sameName: byKind(sameName),
    children: {
      deployment,
      service,
      others: new Map(Object.entries(others)),
      pods: cache.pods.group(key),
      endpointSlices: cache.endpointSlices.group(key),
    },
  };
}

function byKind(objects: readonly KubernetesObject[]): Map<string, KubernetesObject> {
  return new Map(objects.map((object) => [object.kind ?? '', object]));
}
