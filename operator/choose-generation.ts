import type { Problem, Rejection } from './api/observed.ts';
import type { ModelResolution } from './api/resolution.ts';
import type { DeployedRollout, RolloutMemory } from './rollout-memory.ts';

/** What pods tell about the template that is deployed. */
export interface RolloutEvidence {
  /** A pod of it answers requests. */
  readonly isServing: boolean;
  /** Its pods cannot serve, for a reason of their own, while pods of an earlier template do. */
  readonly refusal: Problem | undefined;
}

export interface ChoiceInput {
  /** `modelIdentity` of the spec as it is now. */
  readonly identity: string;
  readonly resolution: ModelResolution;
  /** undefined: there is no Deployment yet. */
  readonly deployed: DeployedRollout | undefined;
  readonly evidence: RolloutEvidence;
  /** Hash of the pod template that the spec as it is now makes with that generation. */
  readonly templateHashOf: (generation: string | undefined) => string;
}

/** The generation to roll out, and what to remember of how it came about. */
export interface Choice {
  /** undefined: the pods resolve it themselves at start. */
  readonly generation: string | undefined;
  readonly memory: RolloutMemory;
}

/**
 * Which generation the pod template pins: the newest, unless its pods refused this very template; then the last good one,
 * until there is a newer generation or another spec.
 * @returns undefined: nothing may be rolled out now, what is deployed stays as it is
 */
export function chooseGeneration(input: ChoiceInput): Choice | undefined {
  const { identity, resolution, deployed } = input;
  // What was deployed for another path or checksum says nothing about this one.
  const known = deployed?.resolvedFor === identity ? deployed : undefined;
  if (resolution.kind === 'failed' && !known) return undefined;
  // A right that the operator lost, or storage that fails, changes nothing about what is deployed.
  const newest = resolution.kind === 'resolved' ? resolution.generation : wanted(known);
  const rejection = known && newest !== undefined ? findRejection(input, known, newest) : undefined;
  const generation = rejection ? known?.lastGood : newest;
  const lastGood = rejection ? known?.lastGood : nextLastGood(input, known, generation);
  return { generation, memory: { resolvedFor: identity, lastGood, rejection } };
}

/** The generation that was wanted last: the one in the template, or the refused one that it was taken back from. */
function wanted(known: DeployedRollout | undefined): string | undefined {
  return known?.rejection?.generation ?? known?.generation;
}

function findRejection(
  { evidence, templateHashOf }: ChoiceInput,
  known: DeployedRollout,
  newest: string,
): Rejection | undefined {
  const { rejection, lastGood } = known;
  // Without an earlier generation there is nothing to go back to.
  if (lastGood === undefined || lastGood === newest) return undefined;
  const templateHash = templateHashOf(newest);
  if (rejection?.generation === newest && rejection.templateHash === templateHash) return rejection;
  if (!evidence.refusal || known.generation !== newest || known.templateHash !== templateHash) return undefined;
  return { generation: newest, templateHash, ...evidence.refusal };
}

/** What served until now becomes the last good one in the moment in which another takes its place. */
function nextLastGood(
  { evidence }: ChoiceInput,
  known: DeployedRollout | undefined,
  next: string | undefined,
): string | undefined {
  const isReplaced = known?.generation !== undefined && known.generation !== next;
  return isReplaced && evidence.isServing ? known.generation : known?.lastGood;
}
