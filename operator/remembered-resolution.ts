import type { V1Deployment } from '@kubernetes/client-node';
import type { ModelDeployment } from './api/generated.ts';
import type { ModelResolution } from './api/resolution.ts';
import { modelIdentity, readRolloutMemory, type DeployedRollout } from './rollout-memory.ts';

/**
 * The resolution of a model that is to hold still (`updates: Pinned`, or an exact `generation`) and that was resolved before:
 * storage is not asked again, neither by a poll nor by an operator that has just started.
 * @returns undefined: ask storage
 */
export function rememberedResolution(
  modelDeployment: ModelDeployment,
  deployment: V1Deployment | undefined,
): ModelResolution | undefined {
  return holdsStill(modelDeployment) ? lastResolution(modelDeployment, deployment) : undefined;
}

/** What status and Deployment say of the resolution that the pods were made for. @returns undefined: nothing, or of another model */
export function lastResolution(
  modelDeployment: ModelDeployment,
  deployment: V1Deployment | undefined,
): ModelResolution | undefined {
  const deployed = readRolloutMemory(deployment);
  if (deployed?.resolvedFor !== modelIdentity(modelDeployment) || isGenerationRefused(deployed)) return undefined;
  const { path, generation, sizeBytes, resolvedAt } = modelDeployment.status?.model ?? {};
  if (path !== modelDeployment.spec.model.path || generation !== deployed.generation) return undefined;
  if (generation === undefined || sizeBytes === undefined || resolvedAt === undefined) return undefined;
  return { kind: 'resolved', generation, sizeBytes, resolvedAt };
}

/** A generation that was refused is left for the next one; a refused spec is about the same generation. */
function isGenerationRefused({ rejection, generation }: DeployedRollout): boolean {
  return rejection !== undefined && rejection.generation !== generation;
}

function holdsStill({ spec: { model } }: ModelDeployment): boolean {
  return model.updates === 'Pinned' || model.generation !== undefined;
}
