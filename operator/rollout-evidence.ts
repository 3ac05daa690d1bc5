import type { V1Pod } from '@kubernetes/client-node';
import { ANNOTATIONS } from './api/labels.ts';
import type { Children } from './api/observed.ts';
import type { RolloutEvidence } from './choose-template.ts';
import type { DeployedRollout } from './rollout-memory.ts';
import { findFailure, isOfTemplateItself, isRefusal } from './status/rollout-failure.ts';
import { computeServing, isOfTemplate } from './status/serving.ts';

/** What pods and Deployment tell about the template that is deployed now. */
export function gatherEvidence(children: Children, deployed: DeployedRollout | undefined): RolloutEvidence {
  if (deployed?.templateHash === undefined) return { isServing: false, refusal: undefined, othersServing: [] };
  const { templateHash, generation } = deployed;
  const rollout = { templateHash, generation };
  const isServing = computeServing(children, rollout).currentPods > 0;
  // Once every old pod is gone the rollout was a success: what fails later is no reason to go back.
  const others = children.pods.filter((pod) => isThere(pod) && !isOfTemplate(pod, templateHash));
  if (others.length === 0) return { isServing, refusal: undefined, othersServing: [] };
  const othersServing = hashesServing({ ...children, pods: others });
  const failure = findFailure(children, rollout);
  if (!failure || !isRefusal(failure)) return { isServing, refusal: undefined, othersServing };
  const { reason, message } = failure;
  return { isServing, refusal: { reason, message, mayPass: !isOfTemplateItself(failure) }, othersServing };
}

function hashesServing(children: Children): string[] {
  const hashes = new Set(children.pods.map(({ metadata }) => metadata?.annotations?.[ANNOTATIONS.templateHash] ?? ''));
  return [...hashes].filter((templateHash) => {
    const { currentPods } = computeServing(children, { templateHash, generation: undefined });
    return currentPods > 0;
  });
}

/** Not going, and not evicted: those stay behind as a record. */
function isThere({ metadata, status }: V1Pod): boolean {
  return !metadata?.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
}
