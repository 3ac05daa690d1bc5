import type { KubernetesObject, V1Pod } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import { findDrift } from '../../operator/drift.ts';
import { InvalidSpecError, makeDesiredResources, type TemplateConfig } from '../../operator/resources/index.ts';
import { RUNTIME_CONTAINER } from '../../operator/resources/names.ts';
import type { Situation } from '../cluster/situation.ts';

/** Something that is not as the spec wants it. */
export interface Difference {
  readonly field: string;
  readonly wanted: string;
  readonly actual: string;
}

export interface DiffInput {
  readonly situation: Situation;
  /** Children as they are, by kind. */
  readonly live: ReadonlyMap<string, KubernetesObject>;
  /** Settings of the operator that end up in pods, undefined when they cannot be read. */
  readonly config: { readonly [K in keyof TemplateConfig]?: TemplateConfig[K] | undefined } | undefined;
}

/** Longest value shown. */
const MAX_VALUE_CHARACTERS = 60;
const NONE = 'none';

/** Where what serves differs from what the spec asks for. Empty: they agree. Pure. */
export function differences(input: DiffInput): Difference[] {
  const { situation } = input;
  return [...versionDifferences(situation), ...podDifferences(situation), ...childDifferences(input)];
}

function versionDifferences({ modelDeployment }: Situation): Difference[] {
  const { metadata, spec, status } = modelDeployment;
  const wanted = spec.model.generation ?? status?.model?.generation;
  return [
    different('metadata.generation', metadata.generation, status?.observedGeneration, 'handled by the operator'),
    different('model path', spec.model.path, status?.model?.path),
    different('model generation', wanted, status?.model?.servingGeneration),
    // "1/2": ready and wanted.
    replicasDifference(status?.replicasSummary),
  ].filter((difference) => difference !== undefined);
}

function replicasDifference(summary: string | undefined): Difference | undefined {
  const [ready = '0', wanted] = (summary ?? '').split('/');
  return wanted === undefined ? undefined : different('ready replicas', wanted, ready);
}

/** Pods that are not of the template that the Deployment has now. */
function podDifferences({ deployment, pods }: Situation): Difference[] {
  const hash = deployment?.metadata?.annotations?.[ANNOTATIONS.templateHash];
  const image = runtimeImageOf(deployment?.spec?.template.spec?.containers);
  const outdated = pods.filter(({ metadata }) => metadata?.annotations?.[ANNOTATIONS.templateHash] !== hash);
  return outdated.map((pod: V1Pod) => ({
    field: `pod ${pod.metadata?.name}`,
    wanted: describe(deployment?.spec?.template.metadata?.annotations, image),
    actual: describe(pod.metadata?.annotations, runtimeImageOf(pod.spec?.containers)),
  }));
}

function describe(annotations: Readonly<Record<string, string>> | undefined, image: string | undefined): string {
  const generation = annotations?.[ANNOTATIONS.modelGeneration];
  const template = annotations?.[ANNOTATIONS.templateHash] ?? 'unknown';
  return [`template ${template}`, generation && `generation ${generation}`, image].filter(Boolean).join(', ');
}

/** Fields of the children that somebody else has changed, or that the operator has not written yet. */
function childDifferences(input: DiffInput): Difference[] {
  try {
    return desiredChildren(input).flatMap((child) => driftOf(child, input.live.get(child.kind ?? '')));
  } catch (error) {
    if (!(error instanceof InvalidSpecError)) throw error;
    return [{ field: 'spec', wanted: 'something that can be done', actual: error.message }];
  }
}

/** @throws InvalidSpecError */
function desiredChildren({ situation, config }: DiffInput): KubernetesObject[] {
  const template = situation.deployment?.spec?.template;
  const generation = template?.metadata?.annotations?.[ANNOTATIONS.modelGeneration];
  const runtimeImage = config?.runtimeImage ?? runtimeImageOf(template?.spec?.containers) ?? '';
  const settings = { runtimeImage, storageEmulatorHost: config?.storageEmulatorHost };
  return makeDesiredResources(situation.modelDeployment, { generation }, settings);
}

function driftOf(child: KubernetesObject, actual: KubernetesObject | undefined): Difference[] {
  if (!actual) return [{ field: `${child.kind} ${child.metadata?.name}`, wanted: 'exists', actual: NONE }];
  // Hashes follow from the other fields.
  const drift = [...findDrift(child, actual)].filter(({ field }) => !field.includes('modeldeployment.dev/'));
  return drift.map(({ field, desired, live }) => ({
    field: `${child.kind} ${field}`,
    wanted: shown(desired),
    actual: shown(live),
  }));
}

function runtimeImageOf(containers: readonly { name: string; image?: string }[] | undefined): string | undefined {
  return containers?.find(({ name }) => name === RUNTIME_CONTAINER)?.image;
}

function different(field: string, wanted: Value, actual: Value, note = ''): Difference | undefined {
  if (wanted === undefined || String(wanted) === String(actual)) return undefined;
  return { field, wanted: shown(wanted), actual: `${shown(actual)}${note && ` (${note})`}` };
}

type Value = string | number | undefined;

function shown(value: unknown): string {
  if (value === undefined || value === '') return NONE;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS - 1)}…` : text;
}
