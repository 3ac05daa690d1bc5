import type { V1Pod } from '@kubernetes/client-node';
import type { Children } from './api/observed.ts';
import type { RolloutEvidence } from './choose-template.ts';
import type { DeployedRollout } from './rollout-memory.ts';
import { findFailure, isOfTemplateItself, isRefusal } from './status/rollout-failure.ts';
import { computeServing, isOfTemplate } from './status/serving.ts';

/** What pods and Deployment tell about the template that is deployed now. */
export function gatherEvidence(children: Children, deployed: DeployedRollout | undefined): RolloutEvidence {
  if (deployed?.templateHash === undefined) return { isServing: false, refusal: undefined };
  const { templateHash, generation } = deployed;
  const rollout = { templateHash, generation };
  const isServing = computeServing(children, rollout).currentPods > 0;
  // Once every old pod is gone the rollout was a success: what fails later is no reason to go back.
  if (!children.pods.some((pod) => isThere(pod) && !isOfTemplate(pod, templateHash))) {
    return { isServing, refusal: undefined };
  }
  const failure = findFailure(children, rollout);
  if (!failure || !isRefusal(failure)) return { isServing, refusal: undefined };
  const { reason, message } = failure;
  return { isServing, refusal: { reason, message, mayPass: !isOfTemplateItself(failure) } };
}

/** Not going, and not evicted: those stay behind as a record. */
function isThere({ metadata, status }: V1Pod): boolean {
  return !metadata?.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
}
