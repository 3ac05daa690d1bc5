import type { KubernetesObject, V1Deployment, V1PodTemplateSpec } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../api/labels.ts';
import { RESOURCES } from './resources.ts';
import { shareEach, shareLongText, shareTexts } from './shared-values.ts';

type Alike = KubernetesObject & Pick<V1Deployment, 'spec' | 'status'>;

/** Keeps in memory once what a trimmed object has in common with others: texts, and all but what names the model and what changes. In place. */
export function shareParts(object: KubernetesObject): void {
  shareTexts(object);
  const { kind, metadata, spec, status }: Alike = object;
  shareEach(metadata, SHARED_METADATA);
  for (const name of LONG_ANNOTATIONS) {
    const text = metadata?.annotations?.[name];
    if (metadata?.annotations && text !== undefined) metadata.annotations[name] = shareLongText(text);
  }
  if (spec?.template) shareTemplate(spec.template);
  shareEach(spec, allBut('template'));
  // That of a ModelDeployment is like no other.
  if (kind !== RESOURCES.modelDeployment.kind) shareEach(status);
}

function shareTemplate({ metadata, spec }: V1PodTemplateSpec): void {
  shareEach(metadata, SHARED_METADATA);
  for (const container of spec?.containers ?? []) {
    shareEach(container.env);
    shareEach(container, allBut('env'));
  }
  for (const constraint of spec?.topologySpreadConstraints ?? []) shareEach(constraint);
  shareEach(spec, allBut('containers', 'topologySpreadConstraints'));
}

const LONG_ANNOTATIONS = [ANNOTATIONS.appliedTemplate, ANNOTATIONS.lastGoodTemplate] as const;

const SHARED_METADATA = (field: string): boolean =>
  field === 'managedFields' || field === 'ownerReferences' || field === 'labels';

function allBut(...excluded: readonly string[]): (field: string) => boolean {
  return (field) => !excluded.includes(field);
}
