import { REASONS } from '../api/model-deployment.ts';
import type { Observed, Problem, Rejection } from '../api/observed.ts';
import { sentence } from './failure-reason.ts';
import { findFailure, isRefusal, RETRY_MINUTES } from './rollout-failure.ts';
import { isRolledOut, type Wanted } from './rolled-out.ts';
import type { Serving } from './serving.ts';

/** The one judgement that Ready, Progressing and Stalled are written from. */
export interface Verdict extends Problem {
  readonly isReady: boolean;
  readonly isProgressing: boolean;
  /** A person must act. */
  readonly isStalled: boolean;
}

/** First match wins, so the order is the meaning: what stopped the pass, then what was decided, then what is seen. */
export function computeVerdict(observed: Observed, serving: Serving, wanted: Wanted): Verdict {
  const { resolution, modelDeployment } = observed;
  const isUpToDate = isRolledOut(observed, serving, wanted);
  if (modelDeployment.spec.paused) return paused(isUpToDate);
  if (observed.problem) return stuck(observed.problem, REASONS[observed.problem.reason].stalls !== 'no');
  if (observed.rejection) return stuck(refusal(observed.rejection, serving, observed), true);
  if (resolution.kind === 'failed' && !resolution.retryable) return stuck(resolution, true);
  // Storage that does not answer takes nothing away from pods that run the current spec with the generation known last.
  if (isUpToDate) return ready(observed, wanted);
  return judgeRollout(observed, serving, wanted);
}

function judgeRollout(observed: Observed, serving: Serving, wanted: Wanted): Verdict {
  const { children, desired, resolution } = observed;
  const failure = findFailure(children, desired);
  if (failure && serving.otherPods > 0 && isRefusal(failure)) {
    return stuck(refusal({ generation: desired?.generation, ...failure }, serving, observed), true);
  }
  if (failure) {
    const { stalls } = REASONS[failure.reason];
    const isStalled = stalls === 'yes' || (stalls === 'afterDeadline' && failure.isLate);
    return { ...stuck(failure, isStalled), isProgressing: !isStalled };
  }
  if (resolution.kind === 'failed') return stuck(resolution, false);
  const isUnknown = resolution.kind === 'pending' && !desired;
  return isUnknown
    ? stuck({ reason: 'RolloutInProgress', message: resolution.message }, false)
    : inProgress(serving, wanted);
}

function paused(isReady: boolean): Verdict {
  const remedy = isReady ? '' : ' Remove it to roll out the current spec.';
  const message = `spec.paused is set: children are left as they are.${remedy}`;
  return { isReady, isProgressing: false, isStalled: false, reason: 'Paused', message };
}

function stuck({ reason, message }: Problem, isStalled: boolean): Verdict {
  return { isReady: false, isProgressing: false, isStalled, reason, message };
}

/** What was refused. */
type Refused = Problem & Pick<Rejection, 'generation'> & Partial<Pick<Rejection, 'retryAt'>>;

/** In the pod's own words, with what was refused in front and what serves on behind. */
function refusal({ generation, reason, message, retryAt }: Refused, serving: Serving, observed: Observed): Problem {
  const { desired, rejection, children } = observed;
  const isServing = serving.readyPods > 0;
  const other = isServing ? serving.generation : desired?.generation;
  const isNewModel = generation !== undefined && generation !== other;
  const subject = isNewModel ? `Model generation ${generation}` : 'The new spec';
  const previous = isNewModel && other !== undefined ? `Generation ${other}` : 'The previous spec';
  const sentences = [
    `${subject} was refused (${reason}): ${sentence(message)}`,
    isServing ? `${previous} serves on.` : `${previous} is to be served instead.`,
    ...(retryAt === undefined ? [] : [`What was refused is tried again every ${RETRY_MINUTES} minutes.`]),
  ];
  // What was gone back to can fail in its turn: its generation may have been overwritten in a bucket without versioning.
  const failure = rejection && findFailure(children, desired);
  if (failure) sentences.push(`But its new pods fail (${failure.reason}): ${sentence(failure.message)}`);
  return { reason: 'ModelRejected', message: sentences.join(' ') };
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
