import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { ModelDeployment } from './api/generated.ts';
import { ANNOTATIONS } from './api/labels.ts';
import { REASONS } from './api/model-deployment.ts';
import type { Rejection } from './api/observed.ts';
import { MAX_PACKED_CHARACTERS, readPacked, type PackedTemplate } from './packed-template.ts';
import { templateHash } from './resources/index.ts';

/** What must outlive the operator's process: kept in annotations of the Deployment, written with it in the same apply. */
export interface RolloutMemory {
  /** `modelIdentity` of the spec that the wanted generation was chosen for. */
  readonly resolvedFor: string | undefined;
  /** The last template that served before the one that is wanted. */
  readonly lastGood: PackedTemplate | undefined;
  /** Replaced since then without being known to serve, newest first. */
  readonly unproven: readonly PackedTemplate[];
  readonly rejection: Rejection | undefined;
}

/** The memory, and what the Deployment's template says. */
export interface DeployedRollout extends RolloutMemory {
  /** Generation that the template pins; undefined: pods resolve it themselves. */
  readonly generation: string | undefined;
  readonly templateHash: string | undefined;
  /** The template as it was applied, without what the API server and others added; undefined: too large to be kept. */
  readonly applied: PackedTemplate | undefined;
}

/**
 * Tells whether two specs ask for the same model: path, generation and checksum. Only for `updates: Pinned` also the value of
 * the resolve-now annotation, whose change is the one way to move on without touching the spec.
 */
export function modelIdentity({ metadata, spec: { model } }: ModelDeployment): string {
  const { path, generation, sha256, updates } = model;
  const resolveNow = updates === 'Pinned' ? metadata.annotations?.[ANNOTATIONS.resolveNow] : undefined;
  return templateHash({ path, generation, sha256, resolveNow });
}

/** What the Deployment remembers; undefined without one. */
export function readRolloutMemory(deployment: V1Deployment | undefined): DeployedRollout | undefined {
  if (!deployment) return undefined;
  const annotations = deployment.metadata?.annotations ?? {};
  const template = deployment.spec?.template.metadata?.annotations ?? {};
  const hash = template[ANNOTATIONS.templateHash];
  const applied = readPacked(annotations[ANNOTATIONS.appliedValues], annotations[ANNOTATIONS.appliedTemplate]);
  return {
    resolvedFor: annotations[ANNOTATIONS.resolvedFor],
    lastGood: readPacked(annotations[ANNOTATIONS.lastGoodValues], annotations[ANNOTATIONS.lastGoodTemplate]),
    unproven: parseUnproven(annotations[ANNOTATIONS.unprovenTemplates]),
    rejection: parseRejection(annotations[ANNOTATIONS.rejection]),
    generation: template[ANNOTATIONS.modelGeneration],
    templateHash: hash,
    applied: applied?.hash === hash ? applied : undefined,
  };
}

/** The Deployment with the memory in its annotations. */
export function withRolloutMemory<T extends KubernetesObject>(
  object: T,
  { resolvedFor, lastGood, unproven, rejection, applied }: RolloutMemory & Pick<DeployedRollout, 'applied'>,
): T {
  return withAnnotations(object, {
    [ANNOTATIONS.resolvedFor]: resolvedFor,
    [ANNOTATIONS.appliedTemplate]: applied?.shape,
    [ANNOTATIONS.appliedValues]: applied?.values,
    [ANNOTATIONS.lastGoodTemplate]: lastGood?.shape,
    [ANNOTATIONS.lastGoodValues]: lastGood?.values,
    [ANNOTATIONS.unprovenTemplates]: unproven.length > 0 ? formatUnproven(unproven) : undefined,
    [ANNOTATIONS.rejection]: rejection && JSON.stringify(rejection),
  });
}

/** A copy with further annotations; those that are undefined are left out. */
export function withAnnotations<T extends KubernetesObject>(
  object: T,
  annotations: Readonly<Record<string, string | undefined>>,
): T {
  const set = Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== undefined));
  const metadata = Object.assign({}, object.metadata, { annotations: { ...object.metadata?.annotations, ...set } });
  return { ...object, metadata };
}

/** As many of the newest as fit. */
function formatUnproven(templates: readonly PackedTemplate[]): string {
  const pairs = templates.map(({ values, shape }) => [values, shape]);
  const text = JSON.stringify(pairs);
  return text.length > MAX_PACKED_CHARACTERS ? formatUnproven(templates.slice(0, -1)) : text;
}

/** What somebody has edited into something else is none. */
function parseUnproven(text: string | undefined): PackedTemplate[] {
  if (text === undefined) return [];
  try {
    const pairs = JSON.parse(text) as unknown[];
    return pairs.flatMap((pair) => {
      const [values, shape] = Array.isArray(pair) ? (pair as unknown[]) : [];
      const packed = typeof values === 'string' && typeof shape === 'string' ? readPacked(values, shape) : undefined;
      return packed ?? [];
    });
  } catch {
    return [];
  }
}

/** Anybody can edit an annotation: what is no Rejection is none. */
function parseRejection(text: string | undefined): Rejection | undefined {
  try {
    const value = JSON.parse(text ?? 'null') as Partial<Rejection> | null;
    const { generation, templateHash, reason, message, resolveNow, retryAt } = value ?? {};
    if (typeof templateHash !== 'string' || typeof message !== 'string') return undefined;
    if (![generation, resolveNow, retryAt].every((text) => text === undefined || typeof text === 'string')) {
      return undefined;
    }
    if (reason === undefined || !(reason in REASONS)) return undefined;
    return { generation, templateHash, reason, message, resolveNow, retryAt };
  } catch {
    return undefined;
  }
}
