import type { ModelDeploymentCondition, ModelDeploymentStatus } from '../api/generated.ts';
import { CONDITION_TYPES, REASONS, type ConditionType, type Reason } from '../api/model-deployment.ts';

/** An event to record about the ModelDeployment. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly message: string;
}

/**
 * The story that `kubectl describe` tells: one event for each change between two statuses, with the new value. Nothing for
 * progress within the same reason.
 * @param previous the status written last; undefined for a new object
 */
export function computeEvents(previous: ModelDeploymentStatus | undefined, next: ModelDeploymentStatus): StatusEvent[] {
  return [generationEvent(previous, next), resolutionEvent(previous, next), readyEvent(previous, next)].filter(
    (event) => event !== undefined,
  );
}

function generationEvent(
  previous: ModelDeploymentStatus | undefined,
  next: ModelDeploymentStatus,
): StatusEvent | undefined {
  const before = previous?.model?.generation;
  const now = next.model?.generation;
  if (before === undefined || now === undefined || now === before) return undefined;
  // Going back to the last good one is told by the refusal.
  if (conditionOf(next, CONDITION_TYPES.ready)?.reason === 'ModelRejected') return undefined;
  return { type: 'Normal', reason: 'Resolved', message: `Model generation changed from ${before} to ${now}.` };
}

/** Only what Ready does not say anyway: pods may be fine while storage is not. */
function resolutionEvent(
  previous: ModelDeploymentStatus | undefined,
  next: ModelDeploymentStatus,
): StatusEvent | undefined {
  const now = conditionOf(next, CONDITION_TYPES.modelResolved);
  if (now?.status !== 'False' || now.reason === conditionOf(next, CONDITION_TYPES.ready)?.reason) return undefined;
  return now.reason === conditionOf(previous, CONDITION_TYPES.modelResolved)?.reason ? undefined : eventOf(now);
}

function readyEvent(previous: ModelDeploymentStatus | undefined, next: ModelDeploymentStatus): StatusEvent | undefined {
  const before = conditionOf(previous, CONDITION_TYPES.ready);
  const now = conditionOf(next, CONDITION_TYPES.ready);
  if (!now) return undefined;
  const isNewFailure = isFailure(now.reason) && now.message !== before?.message;
  // That something new starts is no news.
  const isFirst = before === undefined && now.status !== 'True';
  const isEdge = !isFirst && (now.status !== before?.status || now.reason !== before.reason);
  return isEdge || isNewFailure ? eventOf(now) : undefined;
}

function eventOf({ reason, message }: ModelDeploymentCondition): StatusEvent {
  return { type: isFailure(reason) ? 'Warning' : 'Normal', reason: reason as Reason, message };
}

function isFailure(reason: string): boolean {
  return reason in REASONS && REASONS[reason as Reason].stalls !== 'no';
}

function conditionOf(
  status: ModelDeploymentStatus | undefined,
  type: ConditionType,
): ModelDeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
