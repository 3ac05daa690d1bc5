import type {
  KubernetesObject,
  V1Container,
  V1ContainerStatus,
  V1Endpoint,
  V1EndpointSlice,
  V1ManagedFieldsEntry,
  V1ObjectMeta,
  V1ObjectReference,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../api/labels.ts';
import { RESOURCES, apiVersionOf, type Resource } from './resources.ts';
import { share } from './shared-values.ts';

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
  else object.metadata = withoutManagedFields(metadata);
  delete metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  if (resource.kind === RESOURCES.pod.kind) trimPod(object);
  if (resource.kind === RESOURCES.endpointSlice.kind) trimEndpointSlice(object as V1EndpointSlice);
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

function withoutManagedFields(metadata: V1ObjectMeta): V1ObjectMeta {
  const { managedFields: _, ...kept } = metadata;
  return kept;
}

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

/** What tells pods apart, which model they serve, and how they fare; of the spec only what messages name. */
function trimPod(pod: V1Pod): void {
  if (pod.metadata) pod.metadata = identityOf(pod.metadata);
  if (pod.status) pod.status = trimPodStatus(pod.status);
  if (!pod.spec) return;
  const { nodeName, serviceAccountName, containers } = pod.spec;
  pod.spec = {
    containers: containers.map(trimContainer),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
  };
}

/** New objects: V8 keeps one that a field was deleted from in a larger form. */
function trimPodStatus(status: V1PodStatus): V1PodStatus {
  const { phase, reason, message, conditions, initContainerStatuses, containerStatuses } = status;
  return defined<V1PodStatus>({
    phase,
    reason,
    message,
    conditions: conditions?.map(({ type, status: value, reason: why, message: words, lastTransitionTime }) =>
      defined<V1PodCondition>({ type, status: value, reason: why, message: words, lastTransitionTime }),
    ),
    initContainerStatuses: initContainerStatuses?.map(trimContainerStatus),
    containerStatuses: containerStatuses?.map(trimContainerStatus),
  });
}

function trimContainerStatus(status: V1ContainerStatus): V1ContainerStatus {
  const { name, image, ready, restartCount, state, lastState } = status;
  return defined<Partial<V1ContainerStatus>>({
    name,
    image,
    ready,
    restartCount,
    state,
    lastState,
  }) as V1ContainerStatus;
}

function trimContainer({ name, image, resources }: V1Container): V1Container {
  return { name, ...(image === undefined ? {} : { image }), ...(resources === undefined ? {} : { resources }) };
}

/** Which pods are ready; not where they are. */
function trimEndpointSlice(slice: V1EndpointSlice): void {
  if (slice.metadata) slice.metadata = identityOf(slice.metadata);
  if (slice.ports) slice.ports = share(slice.ports);
  slice.endpoints = (slice.endpoints ?? []).map(({ conditions, targetRef }) =>
    defined<V1Endpoint>({
      addresses: NOWHERE,
      conditions: share(conditions),
      targetRef: targetRef && defined<V1ObjectReference>({ name: targetRef.name }),
    }),
  );
}

const NOWHERE: string[] = [];
const KEPT_LABELS = [LABELS.instance] as const;
const KEPT_ANNOTATIONS = [ANNOTATIONS.templateHash, ANNOTATIONS.modelGeneration] as const;

function identityOf(metadata: V1ObjectMeta): V1ObjectMeta {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, annotations } = metadata;
  return defined<V1ObjectMeta>({
    name,
    namespace,
    uid,
    resourceVersion,
    creationTimestamp,
    deletionTimestamp,
    labels: labels && pick(labels, KEPT_LABELS),
    annotations: annotations && pick(annotations, KEPT_ANNOTATIONS),
  });
}

/** Without fields that are not there. */
function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as T;
}

function pick(values: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
}
