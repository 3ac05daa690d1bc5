import type { V1Deployment } from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { ANNOTATIONS, FIELD_MANAGER } from '../api/labels.ts';
import type { Rollout, TemplateConfig } from './inputs.ts';
import { childMetadata, selectorLabels } from './metadata.ts';
import { makePodTemplate } from './pod-template.ts';

/** Seconds without progress after which a rollout counts as failed: downloads and loads of large models take minutes. */
export const PROGRESS_DEADLINE_SECONDS = 600;
/** Old ReplicaSets kept to look at; a rollback goes through the Deployment's own template, so there is no use for more. */
const REVISION_HISTORY_LIMIT = 2;

/**
 * The Deployment. Old pods go only after new ones are ready. `replicas` is left out under autoscaling, so that the
 * autoscaler alone owns it.
 * @throws InvalidSpecError
 */
export function makeDeployment(
  modelDeployment: ModelDeployment,
  rollout: Rollout,
  config: TemplateConfig,
): V1Deployment {
  const { spec } = modelDeployment;
  const template = rollout.template ?? makePodTemplate(modelDeployment, rollout, config);
  const replicas = spec.autoscaling ? rollout.keepReplicas : spec.replicas;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(modelDeployment, {
      [ANNOTATIONS.templateHash]: template.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? '',
    }),
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      revisionHistoryLimit: REVISION_HISTORY_LIMIT,
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
      selector: { matchLabels: selectorLabels(modelDeployment) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template,
    },
  };
}

/**
 * What to pass as `keepReplicas`. With server-side apply, a field that its only owner stops applying is removed and then
 * defaulted: switching autoscaling on would cut a Deployment to one pod. So the operator keeps applying the live number until
 * the autoscaler has written one of its own.
 * @param live the Deployment as it is now, with managedFields
 * @returns undefined once the field is no longer the operator's alone, or was never its own
 */
export function replicasToKeep(modelDeployment: ModelDeployment, live: V1Deployment | undefined): number | undefined {
  const { autoscaling } = modelDeployment.spec;
  if (!autoscaling || live?.spec?.replicas === undefined) return undefined;
  const owners = (live.metadata?.managedFields ?? [])
    .filter(({ fieldsV1 }) => ownsReplicas(fieldsV1))
    .map(({ manager }) => manager);
  const isOursAlone = owners.length === 1 && owners[0] === FIELD_MANAGER;
  // An autoscaler leaves a Deployment of 0 alone, so a number below the minimum would stay for ever.
  return isOursAlone ? Math.max(live.spec.replicas, autoscaling.minReplicas) : undefined;
}

function ownsReplicas(fieldsV1: object | undefined): boolean {
  const fields: { 'f:spec'?: { 'f:replicas'?: unknown } } | undefined = fieldsV1;
  return fields?.['f:spec']?.['f:replicas'] !== undefined;
}
