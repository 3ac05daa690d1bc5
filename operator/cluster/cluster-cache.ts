import type {
  KubernetesObject,
  V1Deployment,
  V1EndpointSlice,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { ResourceCache } from './cache.ts';
import { RESOURCES } from './resources.ts';

/** One cache a watched kind: all that a pass reads. */
export class ClusterCache {
  readonly modelDeployments = new ResourceCache<ModelDeployment>('by-name');
  readonly deployments = new ResourceCache<V1Deployment>('by-name');
  readonly services = new ResourceCache<V1Service>('by-name');
  readonly autoscalers = new ResourceCache<V2HorizontalPodAutoscaler>('by-name');
  readonly disruptionBudgets = new ResourceCache<V1PodDisruptionBudget>('by-name');
  readonly pods = new ResourceCache<V1Pod>('by-instance');
  readonly endpointSlices = new ResourceCache<V1EndpointSlice>('by-instance');

  readonly #byKind: ReadonlyMap<string, unknown> = new Map<string, unknown>([
    [RESOURCES.modelDeployment.kind, this.modelDeployments],
    [RESOURCES.deployment.kind, this.deployments],
    [RESOURCES.service.kind, this.services],
    [RESOURCES.autoscaler.kind, this.autoscalers],
    [RESOURCES.disruptionBudget.kind, this.disruptionBudgets],
    [RESOURCES.pod.kind, this.pods],
    [RESOURCES.endpointSlice.kind, this.endpointSlices],
  ]);

  /** @throws RangeError for a kind that is not watched */
  ofKind(kind: string | undefined): ResourceCache<KubernetesObject> {
    const cache = this.#byKind.get(kind ?? '');
    if (!cache) throw new RangeError(`kind ${kind} is not watched`);
    return cache as ResourceCache<KubernetesObject>;
  }
}
