import type { V1Pod } from '@kubernetes/client-node';
import type { ModelDeploymentCondition } from '../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import { CONDITION_TYPES, REASONS, type Reason } from '../../operator/api/model-deployment.ts';
import type { Problem } from '../../operator/api/observed.ts';
import { readRolloutMemory } from '../../operator/rollout-memory.ts';
import { chooseProblem, computeFailure } from '../../operator/status/failure-reason.ts';
import { computeRefusal, isPastDeadline } from '../../operator/status/rollout-failure.ts';
import { isOfTemplate } from '../../operator/status/serving.ts';
import type { Situation } from '../cluster/situation.ts';

type Evident = Pick<Situation, 'modelDeployment' | 'deployment' | 'pods'>;

/** The condition of that type, if it is about the spec as it is now. */
export function currentCondition(
  { modelDeployment }: Pick<Situation, 'modelDeployment'>,
  type: string,
): ModelDeploymentCondition | undefined {
  const { metadata, status } = modelDeployment;
  if ((status?.observedGeneration ?? 0) < metadata.generation) return undefined;
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isReason(text: string | undefined): text is Reason {
  return text !== undefined && Object.hasOwn(REASONS, text);
}

/**
 * What is behind the reason of Ready. The operator has judged already; only ModelRejected sums up what the pods of the
 * refused version said, which the Deployment remembers, or the pods still tell.
 */
export function rootCause(situation: Evident): Problem | undefined {
  const ready = currentCondition(situation, CONDITION_TYPES.ready);
  if (!ready || !isReason(ready.reason)) return undefined;
  const told = { reason: ready.reason, message: ready.message };
  if (ready.reason !== 'ModelRejected') return told;
  const behind = readRolloutMemory(situation.deployment)?.rejection ?? toldByPods(situation);
  return behind ? { reason: behind.reason, message: ready.message } : told;
}

function toldByPods({ deployment, pods }: Evident): Problem | undefined {
  const templateHash = deployment?.metadata?.annotations?.[ANNOTATIONS.templateHash];
  if (templateHash === undefined) return computeFailure(pods);
  const current = pods.filter((pod: V1Pod) => isOfTemplate(pod, templateHash));
  const desired = { templateHash, generation: undefined };
  const late = isPastDeadline(deployment, desired) ? LATE : undefined;
  return chooseProblem([computeFailure(current), computeRefusal(deployment, desired), late]);
}

const LATE: Problem = { reason: 'ProgressDeadlineExceeded', message: '' };
