/** Every label, annotation and field manager the operator writes or reads. */

/** Field manager of every server-side apply of children and status. */
export const FIELD_MANAGER = 'modeldeployment-operator';

export const LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;
/** Value of `app.kubernetes.io/name` on every child and pod. */
export const APP_NAME = 'modeldeployment';
/** Value of `app.kubernetes.io/managed-by` on every child and pod. */
export const MANAGED_BY = 'modeldeployment-operator';
/** Label selector of everything the operator watches besides ModelDeployments. */
export const CHILD_SELECTOR = `${LABELS.name}=${APP_NAME},${LABELS.managedBy}=${MANAGED_BY}`;

export const ANNOTATIONS = {
  /** On pods: the GCS generation they were told to serve; absent when the pod resolves it at start. */
  modelGeneration: 'modeldeployment.dev/model-generation',
  /** On pods and the Deployment: hash of the desired pod template, tells current pods from old ones. */
  templateHash: 'modeldeployment.dev/template-hash',
  /** On children: hash of the whole object as it was applied last, tells when a field is no longer wanted. */
  appliedHash: 'modeldeployment.dev/applied-hash',
  /** On the Deployment: hash of the path, generation and checksum asked for when the pinned generation was chosen. */
  resolvedFor: 'modeldeployment.dev/resolved-for',
  /** On the Deployment: its pod template as it was applied, packed (packed-template.ts), and what stands in its open places. */
  appliedTemplate: 'modeldeployment.dev/applied-template',
  appliedValues: 'modeldeployment.dev/applied-values',
  /** On the Deployment: the pod template that served before the wanted one, the same way. */
  lastGoodTemplate: 'modeldeployment.dev/last-good-template',
  lastGoodValues: 'modeldeployment.dev/last-good-values',
  /** On the Deployment: JSON of such pairs, newest first: templates that were replaced before a pod of them was seen to serve. */
  unprovenTemplates: 'modeldeployment.dev/unproven-templates',
  /** On the Deployment: JSON of the Rejection in force. */
  rejection: 'modeldeployment.dev/rejection',
  /** On a ModelDeployment, any value: resolve the model again now, and try again what was refused. */
  resolveNow: 'modeldeployment.dev/resolve-now',
} as const;
