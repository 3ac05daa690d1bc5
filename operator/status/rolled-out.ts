import type { V1Service } from '@kubernetes/client-node';
import type { Observed } from '../api/observed.ts';
import type { Serving } from './serving.ts';

/** How many pods there should be. */
export interface Wanted {
  /** What the spec or the autoscaler asks for. */
  readonly replicas: number;
  /** How many must serve for Ready: an autoscaler on its way up takes nothing away from what already serves. */
  readonly required: number;
}

/** Number of pods wanted by the spec or, under autoscaling, by whoever last set the Deployment's replicas. */
export function computeWanted({ modelDeployment, children }: Observed): Wanted {
  const { replicas, autoscaling } = modelDeployment.spec;
  if (!autoscaling) return { replicas, required: replicas };
  const live = children.deployment?.spec?.replicas ?? autoscaling.minReplicas;
  return { replicas: live, required: Math.min(live, autoscaling.minReplicas) };
}

/**
 * Whether every required replica is a ready endpoint of the desired template, no endpoint is of another, and the Service is
 * where the endpoint says.
 */
export function isRolledOut(observed: Observed, serving: Serving, { required }: Wanted): boolean {
  const { desired, children, modelDeployment } = observed;
  if (!desired || !hasPort(children.service, modelDeployment.spec.service.port)) return false;
  const { replicas = 0, updatedReplicas = 0 } = children.deployment?.status ?? {};
  if (required === 0) return serving.readyPods === 0 && replicas === 0;
  // After `kubectl rollout restart` old and new pods have the same hash; only the Deployment can tell them apart.
  const isReplaced = updatedReplicas >= required && updatedReplicas === replicas;
  return isReplaced && serving.currentPods >= required && serving.otherPods === 0;
}

function hasPort(service: V1Service | undefined, port: number): boolean {
  return service?.spec?.ports?.some((each) => each.port === port) ?? false;
}
