import { REASONS, type Reason } from '../api/model-deployment.ts';
import { APP_NAME, LABELS } from '../api/labels.ts';
import type { Observed, Problem } from '../api/observed.ts';
import { PROGRESS_DEADLINE_SECONDS } from '../resources/deployment.ts';
import { chooseProblem, computeFailure, sentence } from './failure-reason.ts';
import { computeRefusal, isPastDeadline } from './rollout-failure.ts';
import { isRolledOut, type Wanted } from './rolled-out.ts';
import { isOfTemplate, type Serving } from './serving.ts';

/** The one judgement that Ready, Progressing and Stalled are written from. */
export interface Verdict extends Problem {
  readonly isReady: boolean;
  readonly isProgressing: boolean;
  /** A person must act. */
  readonly isStalled: boolean;
}

/**
 * Failures that are the new generation's or spec's own: while old pods serve, they mean ModelRejected. The others (storage,
 * image, node, quota) would hit the old pods too if they had to start again, and keep their own reason.
 */
export const REFUSED_BY_PODS: ReadonlySet<Reason> = new Set<Reason>([
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

/** First match wins, so the order is the meaning: what stopped the pass, then what was decided, then what is seen. */
export function computeVerdict(observed: Observed, serving: Serving, wanted: Wanted): Verdict {
  const { resolution, modelDeployment } = observed;
  const isUpToDate = isRolledOut(observed, serving, wanted);
  if (modelDeployment.spec.paused) return paused(isUpToDate);
  if (observed.problem) return stuck(observed.problem, REASONS[observed.problem.reason].stalls !== 'no');
  if (observed.rejection)
    return stuck(refusal(observed.rejection, observed.rejection.generation, serving, observed), true);
  if (resolution.kind === 'failed' && !resolution.retryable) return stuck(resolution, true);
  // Storage that does not answer takes nothing away from pods that run the current spec with the generation known last.
  if (isUpToDate) return ready(observed, wanted);
  return judgeRollout(observed, serving, wanted);
}

function judgeRollout(observed: Observed, serving: Serving, wanted: Wanted): Verdict {
  const { children, desired, resolution } = observed;
  const problem = chooseProblem([
    computeFailure(children.pods.filter((pod) => desired && isOfTemplate(pod, desired.templateHash))),
    computeRefusal(children.deployment, desired),
  ]);
  const isLate = isPastDeadline(children.deployment, desired);
  const failure = problem ?? (isLate ? deadlineProblem(observed) : undefined);
  if (failure && serving.otherPods > 0 && REFUSED_BY_PODS.has(failure.reason)) {
    return stuck(refusal(failure, desired?.generation, serving, observed), true);
  }
  if (failure) {
    const { stalls } = REASONS[failure.reason];
    const isStalled = stalls === 'yes' || (stalls === 'afterDeadline' && isLate);
    return { ...stuck(failure, isStalled), isProgressing: !isStalled };
  }
  return resolution.kind === 'failed' ? stuck(resolution, false) : inProgress(serving, wanted);
}

function paused(isReady: boolean): Verdict {
  const remedy = isReady ? '' : ' Remove it to roll out the current spec.';
  const message = `spec.paused is set: children are left as they are.${remedy}`;
  return { isReady, isProgressing: false, isStalled: false, reason: 'Paused', message };
}

function stuck({ reason, message }: Problem, isStalled: boolean): Verdict {
  return { isReady: false, isProgressing: false, isStalled, reason, message };
}

/** In the pod's own words, with what was refused in front and what serves on behind. */
function refusal(
  { reason, message }: Problem,
  refused: string | undefined,
  serving: Serving,
  { desired }: Observed,
): Problem {
  const isServing = serving.readyPods > 0;
  const other = isServing ? serving.generation : desired?.generation;
  const isNewModel = refused !== undefined && refused !== other;
  const subject = isNewModel ? `Model generation ${refused}` : 'The new spec';
  const previous = isNewModel && other !== undefined ? `Generation ${other}` : 'The previous spec';
  const rest = isServing ? `${previous} serves on.` : `${previous} is to be served instead.`;
  return { reason: 'ModelRejected', message: `${subject} was refused (${reason}): ${sentence(message)} ${rest}` };
}

function deadlineProblem({ modelDeployment, children }: Observed): Problem {
  const seconds = children.deployment?.spec?.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS;
  const selector = `${LABELS.name}=${APP_NAME},${LABELS.instance}=${modelDeployment.metadata.name}`;
  return {
    reason: 'ProgressDeadlineExceeded',
    message: `New pods did not become ready within ${seconds} seconds and give no reason: see kubectl describe pods -l ${selector}.`,
  };
}

function ready({ desired }: Observed, { required }: Wanted): Verdict {
  const verdict = { isReady: true, isProgressing: false, isStalled: false };
  if (required === 0) return { ...verdict, reason: 'ScaledToZero', message: 'Zero replicas are wanted: nothing runs.' };
  const what = desired?.generation === undefined ? 'the model' : `model generation ${desired.generation}`;
  return { ...verdict, reason: 'Ready', message: `Every replica serves ${what}.` };
}

function inProgress({ currentPods }: Serving, { required, replicas }: Wanted): Verdict {
  const message =
    currentPods < required
      ? `${currentPods} of ${replicas} replicas serve the current spec and model; new pods are starting.`
      : 'Every wanted pod is ready; the rest of the rollout is under way.';
  return { isReady: false, isProgressing: true, isStalled: false, reason: 'RolloutInProgress', message };
}
