import type { CoreV1Event } from '@kubernetes/client-node';
import { CONDITION_TYPES, REASONS, type Reason, type ReasonDoc } from '../../operator/api/model-deployment.ts';
import { timeOf, type Situation } from '../cluster/situation.ts';
import { age } from '../layout.ts';
import type { Evidence, Explanation, Standing } from './explanation.ts';
import { nextCommand } from './next-command.ts';
import { podWords } from './pod-words.ts';
import { currentCondition, isReason, rootCause } from './root-cause.ts';

export interface ExplainOptions {
  readonly kubectlFlags: string;
  /** `modeldeployment` or `kubectl modeldeployment`, for commands that are printed. */
  readonly program: string;
}

const MAX_PODS = 3;
const MAX_EVENTS = 3;
/** Nothing is amiss with these while Ready is True. */
const DOCS: Readonly<Record<Reason, ReasonDoc>> = REASONS;

/** The root cause of how an object stands, with what it rests on and what to type next. Pure. */
export function explain(situation: Situation, { kubectlFlags, program }: ExplainOptions): Explanation {
  const { metadata, spec } = situation.modelDeployment;
  const ready = currentCondition(situation, CONDITION_TYPES.ready);
  const behind = rootCause(situation);
  const subject = { name: metadata.name, namespace: metadata.namespace };
  if (!ready || !behind) {
    return {
      ...subject,
      ...notObserved(situation),
      next: [`${program} doctor${kubectlFlags}`],
      evidence: evidenceOf(situation),
    };
  }
  const doc = DOCS[behind.reason];
  const standing = standingOf(situation);
  const isFine = standing === 'fine';
  const command = nextCommand(doc.nextCommand, { name: metadata.name, path: spec.model.path, kubectlFlags });
  return {
    ...subject,
    standing,
    reason: isReason(ready.reason) ? ready.reason : undefined,
    cause: behind.reason,
    message: withAside(ready.message, situation),
    meaning: doc.meaning,
    causes: isFine ? [] : doc.causes,
    evidence: evidenceOf(situation),
    next: isFine && behind.reason === 'Ready' ? [] : [command],
  };
}

function standingOf(situation: Situation): Standing {
  if (currentCondition(situation, CONDITION_TYPES.stalled)?.status === 'True') return 'stuck';
  return currentCondition(situation, CONDITION_TYPES.ready)?.status === 'True' ? 'fine' : 'waiting';
}

/** Pods may be fine while storage is not: the next generation will be missed. */
function withAside(message: string, situation: Situation): string {
  const resolved = currentCondition(situation, CONDITION_TYPES.modelResolved);
  const isAside = resolved?.status === 'False' && !message.includes(resolved.message);
  return isAside ? `${message} But: ${resolved.message}` : message;
}

function notObserved({
  modelDeployment,
}: Situation): Pick<Explanation, 'standing' | 'reason' | 'cause' | 'message' | 'meaning' | 'causes'> {
  const { metadata, status } = modelDeployment;
  const seen = status?.observedGeneration;
  const message =
    seen === undefined
      ? 'No operator has looked at this object yet.'
      : `The operator has handled version ${seen} of this object, not yet version ${metadata.generation}.`;
  return {
    standing: 'waiting',
    reason: undefined,
    cause: 'NotObserved',
    message,
    meaning:
      'The operator handles a change within seconds. When it takes longer, it does not run or does not watch this namespace.',
    causes: [
      'It was changed a moment ago: ask again.',
      'The operator is not installed, is not running, or cannot reach the API server.',
      'WATCH_NAMESPACES of the operator does not name this namespace.',
    ],
  };
}

function evidenceOf(situation: Situation): Evidence[] {
  return [
    ...conditionEvidence(situation),
    ...deploymentEvidence(situation),
    ...podEvidence(situation),
    ...eventEvidence(situation),
    ...situation.unreadable.map((text) => ({ source: 'not seen', text })),
  ];
}

function conditionEvidence({ modelDeployment, now }: Situation): Evidence[] {
  const conditions = modelDeployment.status?.conditions ?? [];
  if (conditions.length === 0) return [];
  const ready = conditions.find(({ type }) => type === CONDITION_TYPES.ready);
  const since = ready ? ` (for ${age(ready.lastTransitionTime, now)})` : '';
  const values = conditions.map(({ type, status }) => `${type} ${status}${type === ready?.type ? since : ''}`);
  // Most conditions say the sentence that stands at the top.
  const others = conditions.filter(({ message }) => message !== ready?.message);
  return [
    { source: 'conditions', text: values.join(', ') },
    ...others.map(({ type, message }) => ({ source: `condition ${type}`, text: message })),
  ];
}

function deploymentEvidence({ deployment }: Situation): Evidence[] {
  const bad = (deployment?.status?.conditions ?? []).filter(
    ({ type, status }) =>
      (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False'),
  );
  return bad.map(({ type, reason, message }) => ({
    source: `deployment ${deployment?.metadata?.name}`,
    text: `${type} ${reason}: ${message}`,
  }));
}

function podEvidence({ pods }: Situation): Evidence[] {
  const words = pods.map((pod) => ({ source: `pod ${pod.metadata?.name}`, text: podWords(pod) }));
  const unready = words.filter((evidence): evidence is Evidence => evidence.text !== undefined);
  const shown = unready.slice(0, MAX_PODS);
  if (pods.length === 0) return [{ source: 'pods', text: 'there are none' }];
  const more = unready.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [{ source: 'pods', text: `${more} more are not ready` }] : []),
    ...(unready.length < pods.length
      ? [{ source: 'pods', text: `${pods.length - unready.length} of ${pods.length} ready` }]
      : []),
  ];
}

function eventEvidence({ events, modelDeployment, now }: Situation): Evidence[] {
  const own = new Set((modelDeployment.status?.conditions ?? []).map(({ message }) => message));
  const warnings = events.filter(({ type, message }) => type === 'Warning' && !own.has(message ?? ''));
  return lastOfEach(warnings)
    .slice(-MAX_EVENTS)
    .map((event) => ({ source: `event ${age(new Date(timeOf(event)), now)} ago`, text: eventWords(event) }));
}

/** Of events that say the same about several pods, the last. */
function lastOfEach(events: readonly CoreV1Event[]): CoreV1Event[] {
  return [...new Map(events.map((event) => [`${event.reason} ${event.message}`, event])).values()];
}

function eventWords({ reason, message, count, involvedObject }: CoreV1Event): string {
  const times = (count ?? 1) > 1 ? ` (${count} times)` : '';
  return `${reason} of ${involvedObject.kind} ${involvedObject.name}${times}: ${(message ?? '').replaceAll(/\s+/g, ' ').trim()}`;
}
