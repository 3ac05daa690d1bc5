import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { childMetadata, selectorLabels } from './metadata.ts';

/**
 * Lets drains take one pod at a time; undefined where at most one pod can exist, because a budget would then only block
 * drains or promise nothing.
 */
export function makeDisruptionBudget(modelDeployment: ModelDeployment): V1PodDisruptionBudget | undefined {
  const { replicas, autoscaling } = modelDeployment.spec;
  if ((autoscaling?.maxReplicas ?? replicas) <= 1) return undefined;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(modelDeployment),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorLabels(modelDeployment) },
      // Pods that serve nothing must not stand in the way of a drain.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}
