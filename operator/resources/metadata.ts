import type { V1ObjectMeta, V1OwnerReference } from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { APP_NAME, LABELS, MANAGED_BY } from '../api/labels.ts';
import { API_VERSION, KIND } from '../api/model-deployment.ts';
import { childName } from './names.ts';

/** Labels that choose one ModelDeployment's pods: what a Deployment, a Service and a disruption budget select by. Never changes. */
export function selectorLabels(modelDeployment: ModelDeployment): Record<string, string> {
  return { [LABELS.name]: APP_NAME, [LABELS.instance]: childName(modelDeployment) };
}

/** `selectorLabels` as the text of a label selector, for `status.selector`. */
export function selectorText(modelDeployment: ModelDeployment): string {
  return Object.entries(selectorLabels(modelDeployment))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Labels of every child and pod. A Service hands its labels on to its EndpointSlices. */
export function childLabels(modelDeployment: ModelDeployment): Record<string, string> {
  return { ...selectorLabels(modelDeployment), [LABELS.managedBy]: MANAGED_BY };
}

/** Name, namespace, labels and owner reference of a child. */
export function childMetadata(
  modelDeployment: ModelDeployment,
  annotations: Readonly<Record<string, string>> = {},
): V1ObjectMeta {
  return {
    name: childName(modelDeployment),
    namespace: modelDeployment.metadata.namespace,
    labels: childLabels(modelDeployment),
    ...(Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {}),
    ownerReferences: [ownerReference(modelDeployment)],
  };
}

/** Deleting the ModelDeployment deletes what carries this, and foreground deletion waits for it. */
function ownerReference(modelDeployment: ModelDeployment): V1OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    name: modelDeployment.metadata.name,
    uid: modelDeployment.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
