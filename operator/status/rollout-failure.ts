import type { V1Deployment, V1DeploymentCondition } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../api/labels.ts';
import type { DesiredRollout, Problem } from '../api/observed.ts';
import { sentence } from './failure-reason.ts';

/**
 * Why the API server refuses pods. A ReplicaSet reports every refusal as FailedCreate: the text is the only thing that tells
 * a quota (plugin ResourceQuota) from Pod Security, a LimitRange or a missing ServiceAccount. What matches nothing is
 * an outage of a webhook or of the API server, and passes.
 */
const REFUSALS = [
  { pattern: /exceeded quota|failed quota/, reason: 'QuotaExceeded' },
  { pattern: / is (forbidden|invalid)\b/, reason: 'InvalidSpec' },
] as const;
/** `pods "iris-6d4cf56db6-x7k2p" is forbidden: `: the name differs from try to try. */
const REFUSED_POD = /^pods "[^"]*" is (?:forbidden|invalid): /;

/** What the Deployment says about the pods that it cannot make; undefined when all could be made. */
export function computeRefusal(
  deployment: V1Deployment | undefined,
  desired: DesiredRollout | undefined,
): Problem | undefined {
  const failure = currentCondition(deployment, desired, 'ReplicaFailure');
  if (failure?.status !== 'True') return undefined;
  const text = failure.message ?? '';
  const refusal = REFUSALS.find(({ pattern }) => pattern.test(text));
  return refusal && { reason: refusal.reason, message: sentence(`Pods are refused: ${text.replace(REFUSED_POD, '')}`) };
}

/** Whether the rollout has made no progress for longer than its deadline. */
export function isPastDeadline(deployment: V1Deployment | undefined, desired: DesiredRollout | undefined): boolean {
  const progressing = currentCondition(deployment, desired, 'Progressing');
  return progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded';
}

/** The condition, if it is about the desired template: not left over from an earlier rollout. */
function currentCondition(
  deployment: V1Deployment | undefined,
  desired: DesiredRollout | undefined,
  type: string,
): V1DeploymentCondition | undefined {
  if (!deployment?.status || !desired || hashOf(deployment) !== desired.templateHash) return undefined;
  const isSeen = (deployment.status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0);
  return isSeen ? deployment.status.conditions?.find((condition) => condition.type === type) : undefined;
}

function hashOf({ metadata }: V1Deployment): string | undefined {
  return metadata?.annotations?.[ANNOTATIONS.templateHash];
}
