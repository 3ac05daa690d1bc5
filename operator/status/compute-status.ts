import type { ModelDeploymentStatus } from '../api/generated.ts';
import { CONDITION_TYPES, REASONS, type Reason } from '../api/model-deployment.ts';
import type { Observed } from '../api/observed.ts';
import { selectorText } from '../resources/metadata.ts';
import { serviceUrl } from '../resources/service.ts';
import { makeConditions, type SeenCondition } from './conditions.ts';
import { computeModelStatus } from './model-status.ts';
import { computeWanted } from './rolled-out.ts';
import { computeServing, type Serving } from './serving.ts';
import { computeVerdict, type Verdict } from './verdict.ts';

/**
 * The whole status, from what one pass knows. Pure: the same Observed gives the same status, and a status that is fed back
 * with nothing else changed comes out again, so an unchanged object needs no write.
 */
export function computeStatus(observed: Observed): ModelDeploymentStatus {
  const { modelDeployment, children, now } = observed;
  const { generation } = modelDeployment.metadata;
  const serving = computeServing(children, observed.desired);
  const wanted = computeWanted(observed);
  const verdict = computeVerdict(observed, serving, wanted);
  const hasAnswered = serving.readyPods > 0 || modelDeployment.status?.endpoint !== undefined;
  return {
    observedGeneration: generation,
    ...(hasAnswered ? { endpoint: serviceUrl(modelDeployment) } : {}),
    model: computeModelStatus(observed, serving),
    replicas: children.deployment?.status?.replicas ?? 0,
    readyReplicas: serving.readyPods,
    replicasSummary: `${serving.readyPods}/${wanted.replicas}`,
    selector: selectorText(modelDeployment),
    conditions: makeConditions(
      [
        modelResolved(observed),
        available(serving, verdict),
        { ...told(verdict), type: CONDITION_TYPES.progressing, status: asStatus(verdict.isProgressing) },
        { ...told(verdict), type: CONDITION_TYPES.ready, status: asStatus(verdict.isReady) },
        ...(verdict.isStalled ? [{ ...told(verdict), type: CONDITION_TYPES.stalled, status: 'True' as const }] : []),
      ],
      modelDeployment.status?.conditions ?? [],
      { generation, now },
    ),
  };
}

function modelResolved({ resolution, modelDeployment: { metadata, status: written } }: Observed): SeenCondition {
  const type = CONDITION_TYPES.modelResolved;
  if (resolution.kind === 'resolved') {
    const message = `Model generation ${resolution.generation} exists and is readable.`;
    return { type, status: 'True', reason: 'Resolved', message };
  }
  if (resolution.kind === 'pending') {
    // An operator that has just started: what another said of the same spec is true until storage says otherwise.
    const before = written?.conditions?.find((condition) => condition.type === type);
    if (before?.observedGeneration === metadata.generation && isReason(before.reason)) {
      return { type, status: before.status, reason: before.reason, message: before.message };
    }
    return { type, status: 'Unknown', reason: 'RolloutInProgress', message: resolution.message };
  }
  // Delegated is neither true nor false: the pods will see what the operator may not.
  return { ...told(resolution), type, status: resolution.kind === 'failed' ? 'False' : 'Unknown' };
}

function isReason(text: string): text is Reason {
  return text in REASONS;
}

function available({ readyPods }: Serving, verdict: Verdict): SeenCondition {
  const type = CONDITION_TYPES.available;
  if (readyPods === 0) return { ...told(verdict), type, status: 'False' };
  return { type, status: 'True', reason: 'Serving', message: 'At least one pod answers requests.' };
}

function told<T extends Pick<SeenCondition, 'reason' | 'message'>>({
  reason,
  message,
}: T): Pick<T, 'reason' | 'message'> {
  return { reason, message };
}

function asStatus(isTrue: boolean): 'True' | 'False' {
  return isTrue ? 'True' : 'False';
}
