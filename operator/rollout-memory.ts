import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { ModelDeployment } from './api/generated.ts';
import { ANNOTATIONS } from './api/labels.ts';
import { REASONS } from './api/model-deployment.ts';
import type { Rejection } from './api/observed.ts';
import { templateHash } from './resources/index.ts';

/** What must outlive the operator's process: kept in annotations of the Deployment, written with it in the same apply. */
export interface RolloutMemory {
  /** `modelIdentity` of the spec that the pinned generation was chosen for. */
  readonly resolvedFor: string | undefined;
  /** The last generation that served before the pinned one. */
  readonly lastGood: string | undefined;
  readonly rejection: Rejection | undefined;
}

/** The memory, and what the Deployment's template says. */
export interface DeployedRollout extends RolloutMemory {
  /** Generation that the template pins; undefined: pods resolve it themselves. */
  readonly generation: string | undefined;
  readonly templateHash: string | undefined;
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
  return {
    resolvedFor: annotations[ANNOTATIONS.resolvedFor],
    lastGood: annotations[ANNOTATIONS.lastGoodGeneration],
    rejection: parseRejection(annotations[ANNOTATIONS.rejection]),
    generation: template[ANNOTATIONS.modelGeneration],
    templateHash: template[ANNOTATIONS.templateHash],
  };
}

/** The object with the memory in its annotations. */
export function withRolloutMemory<T extends KubernetesObject>(object: T, memory: RolloutMemory): T {
  return withAnnotations(object, {
    [ANNOTATIONS.resolvedFor]: memory.resolvedFor,
    [ANNOTATIONS.lastGoodGeneration]: memory.lastGood,
    [ANNOTATIONS.rejection]: memory.rejection && JSON.stringify(memory.rejection),
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

/** Anybody can edit an annotation: what is no Rejection is none. */
function parseRejection(text: string | undefined): Rejection | undefined {
  try {
    const value = JSON.parse(text ?? 'null') as Partial<Rejection> | null;
    const { generation, templateHash, reason, message } = value ?? {};
    if (typeof generation !== 'string' || typeof templateHash !== 'string' || typeof message !== 'string') {
      return undefined;
    }
    return reason !== undefined && reason in REASONS ? { generation, templateHash, reason, message } : undefined;
  } catch {
    return undefined;
  }
}
