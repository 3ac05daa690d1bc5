import type { Problem, Rejection } from './api/observed.ts';
import type { ModelResolution } from './api/resolution.ts';
import { unpackTemplate, type AppliedTemplate, type PackedTemplate } from './packed-template.ts';
import type { DeployedRollout, RolloutMemory } from './rollout-memory.ts';
import { RETRY_MINUTES } from './status/rollout-failure.ts';

/** Why a template was refused. */
export interface Refusal extends Problem {
  /** It was not the template's own fault, and may be gone after a while: a full cluster, a quota, a registry. */
  readonly mayPass: boolean;
}

/** What pods and Deployment tell about the template that is deployed. */
export interface RolloutEvidence {
  /** A pod of it answers requests. */
  readonly isServing: boolean;
  /** Its pods cannot serve, while pods of an earlier template are there. */
  readonly refusal: Refusal | undefined;
  /** Hashes of the other templates of which a pod answers requests. */
  readonly othersServing: readonly string[];
}

export interface ChoiceInput {
  /** `modelIdentity` of the spec as it is now. */
  readonly identity: string;
  /** Any change of this annotation tries again what was refused. */
  readonly resolveNow: string | undefined;
  readonly resolution: ModelResolution;
  /** undefined: there is no Deployment yet. */
  readonly deployed: DeployedRollout | undefined;
  readonly evidence: RolloutEvidence;
  /** Hash of the pod template that the spec as it is now makes with that generation. */
  readonly templateHashOf: (generation: string | undefined) => string;
  readonly nowMs: number;
}

/** What to deploy, and what to remember of how it came about. */
export interface Choice {
  /** For the template that the spec makes; undefined: the pods resolve it themselves at start. */
  readonly generation: string | undefined;
  /** The last good template, to be deployed instead of the one that the spec makes. */
  readonly goBackTo: AppliedTemplate | undefined;
  readonly memory: RolloutMemory;
}

/**
 * Which pod template to deploy: the one that the spec makes with the newest generation, unless pods refused this very template;
 * then the last good one, until there is a newer generation or another spec.
 * @returns undefined: nothing may be rolled out now, what is deployed stays as it is
 */
export function chooseTemplate(input: ChoiceInput): Choice | undefined {
  const { identity, resolution, deployed, templateHashOf } = input;
  // The generation that was found for another path or checksum says nothing about this one.
  const known = deployed?.resolvedFor === identity ? deployed : undefined;
  if (!known && (resolution.kind === 'failed' || resolution.kind === 'pending')) return undefined;
  // A right that the operator lost, or storage that fails, changes nothing about what is deployed.
  const generation = resolution.kind === 'resolved' ? resolution.generation : wanted(known);
  const templateHash = templateHashOf(generation);
  const earlier = deployed && lastGoodBefore(templateHash, deployed, input.evidence);
  const rejection = earlier && findRejection(input, deployed, { generation, templateHash });
  if (rejection) {
    const { template: goBackTo, packed: lastGood } = earlier;
    return { generation, goBackTo, memory: { resolvedFor: identity, lastGood, unproven: [], rejection } };
  }
  const memory = { resolvedFor: identity, ...whatServedBefore(input, templateHash), rejection: undefined };
  return { generation, goBackTo: undefined, memory };
}

/** The generation that was wanted last: the one in the template, or the refused one that it was taken back from. */
function wanted(known: DeployedRollout | undefined): string | undefined {
  return known?.rejection ? known.rejection.generation : known?.generation;
}

/** What serves now, if it is known, or else what served once. Without an earlier template there is nothing to go back to. */
function lastGoodBefore(
  templateHash: string,
  { lastGood, unproven }: DeployedRollout,
  { othersServing }: RolloutEvidence,
): { readonly packed: PackedTemplate; readonly template: AppliedTemplate } | undefined {
  const serving = unproven.filter(({ hash }) => othersServing.includes(hash));
  for (const packed of lastGood ? [...serving, lastGood] : serving) {
    const template = packed.hash === templateHash ? undefined : unpackTemplate(packed);
    if (template) return { packed, template };
  }
  return undefined;
}

function findRejection(
  { evidence: { refusal }, resolveNow, nowMs }: ChoiceInput,
  deployed: DeployedRollout,
  wanted: Pick<Rejection, 'generation' | 'templateHash'>,
): Rejection | undefined {
  const { rejection } = deployed;
  if (rejection?.templateHash === wanted.templateHash) {
    const isOver = rejection.resolveNow !== resolveNow || nowMs >= Date.parse(rejection.retryAt ?? '');
    return isOver ? undefined : rejection;
  }
  if (!refusal || deployed.templateHash !== wanted.templateHash) return undefined;
  const { reason, message, mayPass } = refusal;
  return {
    ...wanted,
    reason,
    message,
    resolveNow,
    retryAt: mayPass ? new Date(nowMs + RETRY_MINUTES * 60_000).toISOString() : undefined,
  };
}

/** Replaced templates that are kept before anybody knows whether they served. */
const MAX_UNPROVEN = 4;

/**
 * What serves until now becomes the last good one in the moment in which another takes its place. The watches of pods can be behind:
 * what is not known to serve is kept too, and counts once a pod of it is seen to serve.
 */
function whatServedBefore(
  { evidence, deployed }: ChoiceInput,
  next: string,
): Pick<RolloutMemory, 'lastGood' | 'unproven'> {
  const { templateHash, applied, lastGood, unproven = [] } = deployed ?? {};
  const isReplaced = templateHash !== undefined && templateHash !== next;
  if (!isReplaced) return { lastGood, unproven };
  if (evidence.isServing) return { lastGood: applied, unproven: [] };
  const isNew = applied && ![lastGood, ...unproven].some((known) => known?.hash === applied.hash);
  return { lastGood, unproven: isNew ? [applied, ...unproven].slice(0, MAX_UNPROVEN) : unproven };
}
