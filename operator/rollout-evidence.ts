import type { Children } from './api/observed.ts';
import type { RolloutEvidence } from './choose-generation.ts';
import type { DeployedRollout } from './rollout-memory.ts';
import { computeFailure } from './status/failure-reason.ts';
import { isPastDeadline } from './status/rollout-failure.ts';
import { computeServing, isOfTemplate } from './status/serving.ts';
import { REFUSED_BY_PODS } from './status/verdict.ts';

const NONE: RolloutEvidence = { isServing: false, refusal: undefined };

/** What pods and Deployment tell about the template that is deployed now. */
export function gatherEvidence(children: Children, deployed: DeployedRollout | undefined): RolloutEvidence {
  if (deployed?.templateHash === undefined) return NONE;
  const { templateHash, generation } = deployed;
  const rollout = { templateHash, generation };
  const { currentPods, otherPods } = computeServing(children, rollout);
  const isServing = currentPods > 0;
  // Once every old pod is gone the rollout was a success: what fails later is no reason to go back.
  if (otherPods === 0) return { isServing, refusal: undefined };
  const failure = computeFailure(children.pods.filter((pod) => isOfTemplate(pod, templateHash)));
  if (failure) return { isServing, refusal: REFUSED_BY_PODS.has(failure.reason) ? failure : undefined };
  if (!isPastDeadline(children.deployment, rollout)) return { isServing, refusal: undefined };
  const message = 'New pods did not become ready in time and gave no reason.';
  return { isServing, refusal: { reason: 'ProgressDeadlineExceeded', message } };
}
