import type { V1Pod } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import { CONDITION_TYPES } from '../../operator/api/model-deployment.ts';
import { timeOf, type Situation } from '../cluster/situation.ts';
import { podWords } from '../why/pod-words.ts';
import { currentCondition } from '../why/root-cause.ts';

/** How far a rollout is, in lines that are told once each. */
export interface Phase {
  /** `ready` and `stalled` end the waiting. */
  readonly outcome: 'waiting' | 'ready' | 'stalled';
  readonly lines: readonly string[];
}

/** What can be told of a rollout at one moment: the model, then the pods, then the verdict. Pure. */
export function phaseOf(situation: Situation): Phase {
  const ready = currentCondition(situation, CONDITION_TYPES.ready);
  if (!ready) return { outcome: 'waiting', lines: [] };
  const resolved = currentCondition(situation, CONDITION_TYPES.modelResolved);
  const model = resolved?.status === 'True' ? [modelLine(situation)] : [];
  if (ready.status === 'True') return { outcome: 'ready', lines: [...model, `Ready: ${ready.message}`] };
  const isStalled = currentCondition(situation, CONDITION_TYPES.stalled)?.status === 'True';
  if (isStalled) return { outcome: 'stalled', lines: model };
  const pods = newPods(situation).flatMap((pod) => podLine(pod, situation));
  const trouble = ready.reason === 'RolloutInProgress' ? [] : [`${ready.reason}: ${ready.message}`];
  return { outcome: 'waiting', lines: [...model, ...pods, ...trouble] };
}

function modelLine({ modelDeployment }: Situation): string {
  const { generation, sizeBytes } = modelDeployment.status?.model ?? {};
  const size = sizeBytes === undefined ? '' : ` (${formatBytes(sizeBytes)})`;
  return generation === undefined ? 'The model was found.' : `The model was found: generation ${generation}${size}.`;
}

/** Pods of the template that is being rolled out. */
function newPods({ deployment, pods }: Situation): readonly V1Pod[] {
  const hash = deployment?.metadata?.annotations?.[ANNOTATIONS.templateHash];
  return pods.filter(
    ({ metadata }) => hash !== undefined && metadata?.annotations?.[ANNOTATIONS.templateHash] === hash,
  );
}

function podLine(pod: V1Pod, { events }: Situation): string[] {
  const { name, uid } = pod.metadata ?? {};
  const words = podWords(pod);
  if (words === undefined) return [`Pod ${name} is ready.`];
  const latest = events
    .filter(({ involvedObject }) => involvedObject.uid === uid)
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);
  const isPulling = latest?.reason === 'Pulling';
  return [`Pod ${name} ${isPulling ? `is pulling its image` : words}.`.replace(/\.\.$/, '.')];
}

/** 721 B, 4.2 MB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const amount = bytes / 1_000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}
