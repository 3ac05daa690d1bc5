import type { ModelDeployment } from '../../operator/api/generated.ts';

export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

/**
 * How kstatus judges a custom resource (sigs.k8s.io/cli-utils, pkg/kstatus/status: generic.go, then the Ready condition of status.go).
 * Flux waits by it, and so does `kubectl wait` as far as generations go. Compared with the library itself in test/integration/status.
 */
export function kstatus({ metadata, status }: Pick<ModelDeployment, 'metadata' | 'status'>): KStatus {
  if (metadata.deletionTimestamp) return 'Terminating';
  if (status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation)
    return 'InProgress';
  const conditions = status?.conditions ?? [];
  const decisive = conditions.find(
    ({ type, status }) => (type === 'Reconciling' || type === 'Stalled') && status === 'True',
  );
  if (decisive) return decisive.type === 'Stalled' ? 'Failed' : 'InProgress';
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
