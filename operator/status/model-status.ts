import type { ModelStatus } from '../api/generated.ts';
import type { Observed } from '../api/observed.ts';
import type { Serving } from './serving.ts';

/**
 * `status.model`. What is known of a generation stays known while nothing can be asked, and does not change when the same
 * generation is found again.
 */
export function computeModelStatus(observed: Observed, serving: Serving): ModelStatus {
  const path = observed.desired?.path ?? observed.modelDeployment.spec.model.path;
  const written = observed.modelDeployment.status?.model;
  const previous = written?.path === path ? written : undefined;
  const generation = observed.desired ? observed.desired.generation : previous?.generation;
  return withoutUndefined<ModelStatus>({
    path,
    generation,
    servingGeneration: serving.generation,
    ...(generation === undefined ? {} : detailsOf(generation, observed, previous)),
  });
}

function detailsOf(
  generation: string,
  { resolution }: Observed,
  previous: ModelStatus | undefined,
): Optional<Pick<ModelStatus, 'sizeBytes' | 'resolvedAt'>> {
  const known = previous?.generation === generation ? previous : undefined;
  const found = resolution.kind === 'resolved' && resolution.generation === generation ? resolution : undefined;
  return {
    sizeBytes: found?.sizeBytes ?? known?.sizeBytes,
    // An operator that has just started sees every generation for the first time.
    resolvedAt: known?.resolvedAt ?? found?.resolvedAt,
  };
}

type Optional<T> = { [K in keyof T]: T[K] | undefined };

function withoutUndefined<T extends object>(fields: Optional<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
