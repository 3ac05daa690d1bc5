import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { ANNOTATIONS } from './api/labels.ts';
import type { DesiredRollout, Problem, Rejection } from './api/observed.ts';
import type { ModelResolution } from './api/resolution.ts';
import { chooseTemplate, type Choice } from './choose-template.ts';
import { RESOURCES } from './cluster/resources.ts';
import type { Snapshot } from './observe.ts';
import { packTemplate, type PackedTemplate } from './packed-template.ts';
import { InvalidSpecError, makeDesiredResources, replicasToKeep, type TemplateConfig } from './resources/index.ts';
import { gatherEvidence } from './rollout-evidence.ts';
import { modelIdentity, readRolloutMemory, withRolloutMemory, type DeployedRollout } from './rollout-memory.ts';

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

/** Decides everything before anything is done. Pure. @param now for what is tried again after a while */
export function makePlan(snapshot: Snapshot, resolution: ModelResolution, config: TemplateConfig, now: Date): Plan {
  try {
    return planRollout(snapshot, resolution, config, now);
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
  now: Date,
): Plan {
  const keepReplicas = replicasToKeep(modelDeployment, children.deployment);
  const make = memoize((generation: string | undefined) =>
    makeDesiredResources(modelDeployment, { generation, keepReplicas }, config),
  );
  const deployed = readRolloutMemory(children.deployment);
  const choice = chooseTemplate({
    identity: modelIdentity(modelDeployment),
    resolveNow: modelDeployment.metadata.annotations?.[ANNOTATIONS.resolveNow],
    resolution,
    deployed,
    evidence: gatherEvidence(children, deployed),
    templateHashOf: (generation) => templateHashOf(make(generation)),
    nowMs: now.getTime(),
  });
  if (!choice) return NOTHING;
  const { generation, goBackTo, memory } = choice;
  const desired = goBackTo
    ? makeDesiredResources(modelDeployment, { generation, keepReplicas, template: goBackTo.template }, config)
    : make(generation);
  const applied = appliedTemplate(desired, goBackTo?.path ?? modelDeployment.spec.model.path, deployed);
  return {
    children: desired.map((child) => (isDeployment(child) ? withRolloutMemory(child, { ...memory, applied }) : child)),
    rollout: rolloutOf(desired, choice),
    rejection: memory.rejection,
    problem: undefined,
  };
}

function rolloutOf(desired: readonly KubernetesObject[], { generation, goBackTo }: Choice): DesiredRollout {
  const templateHash = templateHashOf(desired);
  if (!goBackTo) return { templateHash, generation };
  const { path, template } = goBackTo;
  return { templateHash, generation: template.metadata?.annotations?.[ANNOTATIONS.modelGeneration], path };
}

/** The template to remember as applied: packed anew only when it is another one. */
function appliedTemplate(
  desired: readonly KubernetesObject[],
  path: string,
  deployed: DeployedRollout | undefined,
): PackedTemplate | undefined {
  if (deployed?.applied?.hash === templateHashOf(desired)) return deployed.applied;
  const template = desired.find(isDeployment)?.spec?.template;
  return template && packTemplate({ path, template });
}

function templateHashOf(children: readonly KubernetesObject[]): string {
  return children.find(isDeployment)?.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? '';
}

function isDeployment(object: KubernetesObject): object is V1Deployment {
  return object.kind === RESOURCES.deployment.kind;
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
