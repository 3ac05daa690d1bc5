import type { KubernetesObject } from '@kubernetes/client-node';
import { ANNOTATIONS } from './api/labels.ts';
import type { DesiredRollout, Problem, Rejection } from './api/observed.ts';
import type { ModelResolution } from './api/resolution.ts';
import { chooseGeneration } from './choose-generation.ts';
import { RESOURCES } from './cluster/resources.ts';
import type { Snapshot } from './observe.ts';
import { InvalidSpecError, makeDesiredResources, replicasToKeep, type TemplateConfig } from './resources/index.ts';
import { gatherEvidence } from './rollout-evidence.ts';
import { modelIdentity, readRolloutMemory, withRolloutMemory } from './rollout-memory.ts';

/** What a pass is to bring about. */
export interface Plan {
  /** Every child that should exist, in the order to apply them; undefined: children stay as they are. */
  readonly children: readonly KubernetesObject[] | undefined;
  readonly rollout: DesiredRollout | undefined;
  readonly rejection: Rejection | undefined;
  /** Why nothing can be planned. */
  readonly problem: Problem | undefined;
}

const NOTHING: Plan = { children: undefined, rollout: undefined, rejection: undefined, problem: undefined };

/** Decides everything before anything is done. Pure. */
export function makePlan(snapshot: Snapshot, resolution: ModelResolution, config: TemplateConfig): Plan {
  try {
    return planRollout(snapshot, resolution, config);
  } catch (error) {
    if (!(error instanceof InvalidSpecError)) throw error;
    return { ...NOTHING, problem: { reason: 'InvalidSpec', message: error.message } };
  }
}

/** @throws InvalidSpecError */
function planRollout(
  { modelDeployment, children }: Snapshot,
  resolution: ModelResolution,
  config: TemplateConfig,
): Plan {
  const keepReplicas = replicasToKeep(modelDeployment, children.deployment);
  const make = memoize((generation: string | undefined) =>
    makeDesiredResources(modelDeployment, { generation, keepReplicas }, config),
  );
  const deployed = readRolloutMemory(children.deployment);
  const choice = chooseGeneration({
    identity: modelIdentity(modelDeployment),
    resolution,
    deployed,
    evidence: gatherEvidence(children, deployed),
    templateHashOf: (generation) => templateHashOf(make(generation)),
  });
  if (!choice) return NOTHING;
  const { generation, memory } = choice;
  const desired = make(generation);
  return {
    children: desired.map((child) => (isDeployment(child) ? withRolloutMemory(child, memory) : child)),
    rollout: { generation, templateHash: templateHashOf(desired) },
    rejection: memory.rejection,
    problem: undefined,
  };
}

function templateHashOf(children: readonly KubernetesObject[]): string {
  return children.find(isDeployment)?.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? '';
}

function isDeployment({ kind }: KubernetesObject): boolean {
  return kind === RESOURCES.deployment.kind;
}

function memoize<Argument, Result>(compute: (argument: Argument) => Result): (argument: Argument) => Result {
  const results = new Map<Argument, Result>();
  return (argument) => {
    const known = results.get(argument);
    if (known !== undefined) return known;
    const result = compute(argument);
    results.set(argument, result);
    return result;
  };
}
