import type { KubernetesObject, V1Container, V1ManagedFieldsEntry, V1Pod } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../api/labels.ts';
import { RESOURCES, apiVersionOf, type Resource } from './resources.ts';

/**
 * Cuts an object down to what a pass reads, in place: thousands of them stay in memory. Gives items of a list the
 * apiVersion and kind that the API server leaves out there.
 */
export function trim(object: KubernetesObject, resource: Resource): void {
  object.apiVersion ??= apiVersionOf(resource);
  object.kind ??= resource.kind;
  const { metadata } = object;
  if (!metadata) return;
  if (resource.kind === RESOURCES.deployment.kind) metadata.managedFields = owners(metadata.managedFields);
  else if (isChild(resource)) metadata.managedFields = lastOther(metadata.managedFields);
  else delete metadata.managedFields;
  delete metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  if (resource.kind === RESOURCES.pod.kind) trimPod(object);
}

const CHILD_KINDS: ReadonlySet<string> = new Set([
  RESOURCES.deployment.kind,
  RESOURCES.service.kind,
  RESOURCES.autoscaler.kind,
  RESOURCES.disruptionBudget.kind,
]);

function isChild(resource: Resource): boolean {
  return CHILD_KINDS.has(resource.kind);
}

/** Kubernetes' own controllers, which follow up on what others change. */
const FOLLOWER = 'kube-controller-manager';

/** Who wrote last besides the operator, status aside: named in the event when drift is repaired. */
function lastOther(entries: readonly V1ManagedFieldsEntry[] = []): V1ManagedFieldsEntry[] {
  const others = entries
    .filter((entry) => entry.manager !== FIELD_MANAGER && entry.subresource !== 'status')
    .sort((a, b) => String(b.time).localeCompare(String(a.time)));
  const last = others.find(({ manager }) => manager !== FOLLOWER) ?? others[0];
  return last ? [{ manager: last.manager ?? '', time: last.time as Date }] : [];
}

/** The same, and who owns `spec.replicas`, which decides whether an autoscaler has taken over. */
function owners(entries: readonly V1ManagedFieldsEntry[] = []): V1ManagedFieldsEntry[] {
  const ownersOfReplicas = entries
    .filter(({ fieldsV1 }) => ownsReplicas(fieldsV1))
    .map(({ manager, subresource }) => ({
      manager: manager ?? '',
      ...(subresource ? { subresource } : {}),
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    }));
  return [...lastOther(entries), ...ownersOfReplicas];
}

function ownsReplicas(fieldsV1: object | undefined): boolean {
  const fields: { 'f:spec'?: { 'f:replicas'?: unknown } } | undefined = fieldsV1;
  return fields?.['f:spec']?.['f:replicas'] !== undefined;
}

/** Status and identity of a pod stay whole; of its spec only what messages name. */
function trimPod(pod: V1Pod): void {
  if (!pod.spec) return;
  const { nodeName, serviceAccountName, containers } = pod.spec;
  pod.spec = {
    containers: containers.map(trimContainer),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
  };
}

function trimContainer({ name, image, resources }: V1Container): V1Container {
  return { name, ...(image === undefined ? {} : { image }), ...(resources === undefined ? {} : { resources }) };
}
