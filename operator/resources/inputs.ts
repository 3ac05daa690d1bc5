import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { OperatorConfig } from '../config.ts';

/** What is to be rolled out, as far as the spec does not say it. */
export interface Rollout {
  /** GCS generation that the pods are pinned to, decimal digits; undefined: they resolve it themselves at start. */
  readonly generation: string | undefined;
  /**
   * Set while the operator still owns `replicas` of a Deployment that an autoscaler is to take over (see `replicasToKeep`):
   * dropping the field at once would reset it to 1.
   */
  readonly keepReplicas?: number | undefined;
  /** A template that was deployed before, instead of the one that the spec makes. */
  readonly template?: V1PodTemplateSpec | undefined;
}

/** The operator's settings that end up in children. */
export type TemplateConfig = Pick<OperatorConfig, 'runtimeImage' | 'storageEmulatorHost'>;
