import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '@kubernetes/client-node';
import type { AutoscalingSpec, ModelDeployment } from '../api/generated.ts';
import { canonicalQuantity } from '../api/quantity.ts';
import { asStored } from './as-stored.ts';
import { parseField } from './invalid-spec.ts';
import { childMetadata } from './metadata.ts';
import { childName } from './names.ts';

/** Percent of the requested CPU, when the spec names no metric at all. */
const DEFAULT_CPU_UTILIZATION_PERCENT = 80;

/**
 * The HorizontalPodAutoscaler of the Deployment; undefined when the spec has no `autoscaling`.
 * @throws InvalidSpecError
 */
export function makeAutoscaler(modelDeployment: ModelDeployment): V2HorizontalPodAutoscaler | undefined {
  const { autoscaling } = modelDeployment.spec;
  if (!autoscaling) return undefined;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: childMetadata(modelDeployment),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: childName(modelDeployment) },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: makeMetrics(autoscaling),
      ...(autoscaling.behavior ? { behavior: asStored(autoscaling.behavior) } : {}),
    },
  };
}

function makeMetrics({ targetCPUUtilizationPercentage, metrics }: AutoscalingSpec): V2MetricSpec[] {
  const percent = targetCPUUtilizationPercentage ?? (metrics ? undefined : DEFAULT_CPU_UTILIZATION_PERCENT);
  const cpu: V2MetricSpec[] =
    percent === undefined
      ? []
      : [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
          },
        ];
  return [...cpu, ...(metrics ?? []).map((metric, index) => storedMetric(asStored(metric), index))];
}

/** The metric with the quantities of its target in their one spelling. */
function storedMetric(metric: V2MetricSpec, index: number): V2MetricSpec {
  const stored = structuredClone(metric);
  for (const kind of ['resource', 'containerResource', 'pods', 'object', 'external'] as const) {
    const target = stored[kind]?.target;
    if (!target) continue;
    for (const field of ['value', 'averageValue'] as const) {
      const quantity = target[field];
      if (quantity === undefined) continue;
      const path = `spec.autoscaling.metrics[${index}].${kind}.target.${field}`;
      target[field] = parseField(path, () => canonicalQuantity(quantity));
    }
  }
  return stored;
}
