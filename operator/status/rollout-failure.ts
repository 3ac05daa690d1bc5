import type { V1Deployment, V1DeploymentCondition } from '@kubernetes/client-node';
import { ANNOTATIONS, APP_NAME, LABELS } from '../api/labels.ts';
import type { Reason } from '../api/model-deployment.ts';
import type { Children, DesiredRollout, Problem } from '../api/observed.ts';
import { PROGRESS_DEADLINE_SECONDS } from '../resources/deployment.ts';
import { chooseProblem, computeFailure, sentence } from './failure-reason.ts';
import { isOfTemplate } from './serving.ts';

/** Why the pods of a template are not ready. */
export interface RolloutFailure extends Problem {
  /** The rollout has made no progress for longer than its deadline. */
  readonly isLate: boolean;
}

/**
 * Failures that are the new generation's or spec's own. The others (storage, image, node, quota) would hit the old pods too if
 * they had to start again, and often mend themselves.
 */
const OF_TEMPLATE_ITSELF: ReadonlySet<Reason> = new Set<Reason>([
  'ModelTooLarge',
  'ModelInvalid',
  'ModelUnsupported',
  'ModelChecksumMismatch',
  'ExternalDataMissing',
  'ModelRejected',
  'OutOfMemory',
  'InvalidSpec',
  'CrashLooping',
  'ProgressDeadlineExceeded',
]);

/** A refusal that may pass is tried again after this time. */
export const RETRY_MINUTES = 30;

/** Whether it stays, however often the same template is tried. */
export function isOfTemplateItself({ reason }: RolloutFailure): boolean {
  return OF_TEMPLATE_ITSELF.has(reason);
}

/** Whether it is reason enough to leave the pods of an earlier template in place: at once, or when time is up. */
export function isRefusal(failure: RolloutFailure): boolean {
  return failure.isLate || isOfTemplateItself(failure);
}

/** What keeps the pods of the desired template from being ready; undefined: nothing that anybody has told yet. */
export function findFailure(children: Children, desired: DesiredRollout | undefined): RolloutFailure | undefined {
  if (!desired) return undefined;
  const { deployment, pods } = children;
  const problem = chooseProblem([
    computeFailure(pods.filter((pod) => isOfTemplate(pod, desired.templateHash))),
    computeRefusal(deployment, desired),
  ]);
  const isLate = isPastDeadline(deployment, desired);
  if (problem) return { ...problem, isLate };
  return isLate ? { ...deadlineProblem(deployment), isLate } : undefined;
}

function deadlineProblem(deployment: V1Deployment | undefined): Problem {
  const seconds = deployment?.spec?.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS;
  const selector = `${LABELS.name}=${APP_NAME},${LABELS.instance}=${deployment?.metadata?.name}`;
  return {
    reason: 'ProgressDeadlineExceeded',
    message: `New pods did not become ready within ${seconds} seconds and give no reason: see kubectl describe pods -l ${selector}.`,
  };
}

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
