import type { ModelDeploymentCondition } from '../api/generated.ts';
import type { ConditionType, Reason } from '../api/model-deployment.ts';

/** A condition as this pass sees it, before it is joined with what was written last. */
export interface SeenCondition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

/**
 * Conditions to write. `lastTransitionTime` moves only when the status of a condition changes, not its reason or message, as
 * the API conventions ask.
 * @param previous the conditions written last, of any order
 */
export function makeConditions(
  seen: readonly SeenCondition[],
  previous: readonly ModelDeploymentCondition[],
  { generation, now }: { generation: number; now: Date },
): ModelDeploymentCondition[] {
  return seen.map(({ type, status, reason, message }) => {
    const before = previous.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(now);
    return { type, status, observedGeneration: generation, lastTransitionTime, reason, message };
  });
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
function timestamp(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
