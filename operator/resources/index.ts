import type { KubernetesObject } from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { makeAutoscaler } from './autoscaler.ts';
import { makeDeployment } from './deployment.ts';
import { makeDisruptionBudget } from './disruption-budget.ts';
import type { Rollout, TemplateConfig } from './inputs.ts';
import { makeService } from './service.ts';

export { InvalidSpecError } from './invalid-spec.ts';
export { replicasToKeep } from './deployment.ts';
export { templateHash } from './template-hash.ts';
export type { Rollout, TemplateConfig } from './inputs.ts';

/**
 * Every child that should exist, in the order to apply them: the Service first, so that the name resolves when the first pod
 * is ready. Values are spelled as the API server stores them: what was applied and read back compares equal in every field
 * that is set here.
 * @param modelDeployment as read from the API server, defaults filled in
 * @throws InvalidSpecError
 */
export function makeDesiredResources(
  modelDeployment: ModelDeployment,
  rollout: Rollout,
  config: TemplateConfig,
): KubernetesObject[] {
  const resources: (KubernetesObject | undefined)[] = [
    makeService(modelDeployment),
    makeDeployment(modelDeployment, rollout, config),
    makeDisruptionBudget(modelDeployment),
    makeAutoscaler(modelDeployment),
  ];
  return resources.filter((resource) => resource !== undefined);
}
