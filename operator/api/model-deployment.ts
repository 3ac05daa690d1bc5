/** Group, version, names, condition types and reasons of the API. */
export const GROUP = 'modeldeployment.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'ModelDeployment';
export const PLURAL = 'modeldeployments';

/** Condition types, in the order they are listed in status. */
export const CONDITION_TYPES = {
  /** The object exists, is readable, its generation is known. */
  modelResolved: 'ModelResolved',
  /** At least one pod that loaded and warmed up the model is a ready endpoint. */
  available: 'Available',
  /** A rollout is under way. */
  progressing: 'Progressing',
  /** Available, and every wanted replica runs the current spec and model generation. */
  ready: 'Ready',
  /** Present only when a person must act (kstatus). */
  stalled: 'Stalled',
} as const;
export type ConditionType = (typeof CONDITION_TYPES)[keyof typeof CONDITION_TYPES];

/**
 * Whether a person must act: `yes` at once; `no`; `afterDeadline`: things that often mend themselves (a node joins, storage comes
 * back), until the Deployment's progress deadline has passed.
 */
export type Stalls = 'yes' | 'no' | 'afterDeadline';

export interface ReasonDoc {
  /** What is true when a condition carries the reason: one sentence. */
  readonly meaning: string;
  /** What usually brings it about, most likely first. */
  readonly causes: readonly string[];
  /** What to type next; NAME stands for the ModelDeployment's name. */
  readonly nextCommand: string;
  readonly stalls: Stalls;
}

const DESCRIBE = 'kubectl describe modeldeployment NAME';
const PODS = 'app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=NAME';
const DESCRIBE_PODS = `kubectl describe pods -l ${PODS}`;
const LAST_LOGS = `kubectl logs -l ${PODS} --previous --prefix --ignore-errors`;

/** Every reason a condition can carry. docs/reasons.md is made from this table (`npm run generate`). */
export const REASONS = {
  Ready: {
    meaning: 'Every wanted replica serves the current spec and model generation.',
    causes: ['All is well.'],
    nextCommand: 'kubectl get modeldeployment NAME',
    stalls: 'no',
  },
  Resolved: {
    meaning: 'The model exists and is readable, and its generation is known (condition ModelResolved).',
    causes: ['All is well.'],
    nextCommand: 'kubectl get modeldeployment NAME -o wide',
    stalls: 'no',
  },
  ResolvedByPods: {
    meaning:
      'The pods read the model themselves, from a volume that the operator does not see (condition ModelResolved).',
    causes: ['spec.model.path is a pvc:// path.'],
    nextCommand: 'kubectl describe persistentvolumeclaim CLAIM',
    stalls: 'no',
  },
  Serving: {
    meaning: 'At least one pod that loaded and warmed up the model answers requests (condition Available).',
    causes: ['All is well.'],
    nextCommand: 'kubectl get modeldeployment NAME -o wide',
    stalls: 'no',
  },
  RolloutInProgress: {
    meaning: 'New pods are starting; old ones, if any, serve on.',
    causes: ['A new model generation.', 'A change of the spec.', 'A node went away and its pods start elsewhere.'],
    nextCommand: 'kubectl rollout status deployment/NAME',
    stalls: 'no',
  },
  ScaledToZero: {
    meaning: 'Zero replicas are wanted, so nothing runs and nothing is wrong.',
    causes: ['spec.replicas is 0.', 'The Deployment was scaled to 0, which switches its autoscaler off.'],
    nextCommand: 'kubectl scale modeldeployment NAME --replicas=1',
    stalls: 'no',
  },
  ModelNotFound: {
    meaning: 'The bucket, object, generation or file named by spec.model does not exist.',
    causes: [
      'A typing error in spec.model.path.',
      'The model has not been uploaded yet, or was deleted.',
      'The pinned generation was overwritten in a bucket without object versioning.',
    ],
    nextCommand:
      "gcloud storage ls --all-versions $(kubectl get modeldeployment NAME -o jsonpath='{.spec.model.path}')",
    stalls: 'yes',
  },
  ModelAccessDenied: {
    meaning: 'The account that reads the model may not.',
    causes: [
      'The account lacks roles/storage.objectViewer on the bucket (for a folder it needs storage.objects.list as well).',
      'spec.serviceAccountName is missing, or not bound to a Google service account (Workload Identity).',
      'A grant that is a few minutes old: IAM changes take up to seven minutes.',
    ],
    nextCommand: 'gcloud storage buckets get-iam-policy gs://BUCKET',
    stalls: 'yes',
  },
  StorageUnavailable: {
    meaning: 'The storage service does not answer, or answers with errors; this is retried without end.',
    causes: [
      'An outage or rate limit of the storage service.',
      'No way out of the cluster network (egress rule, proxy, DNS).',
      'STORAGE_EMULATOR_HOST of the operator names an emulator that does not run.',
    ],
    nextCommand: LAST_LOGS,
    stalls: 'afterDeadline',
  },
  ModelTooLarge: {
    meaning: 'The model does not fit into the memory limit of the pods.',
    causes: ['spec.resources.limits.memory is too small: the model needs its size, the runtime and working space.'],
    nextCommand: 'kubectl explain modeldeployment.spec.resources',
    stalls: 'yes',
  },
  ModelInvalid: {
    meaning: 'The file is not a whole ONNX model.',
    causes: [
      'The upload was cut off.',
      'Another kind of file: a pickle, an HTML error page, an archive.',
      'A folder that holds no .onnx file, or several.',
    ],
    nextCommand: LAST_LOGS,
    stalls: 'yes',
  },
  ModelUnsupported: {
    meaning: 'The file is ONNX but needs what the runtime does not have.',
    causes: [
      'Exported for a newer opset or IR version.',
      'Custom operators.',
      'Outputs that cannot be presented as spec.model.task says.',
    ],
    nextCommand: LAST_LOGS,
    stalls: 'yes',
  },
  ModelChecksumMismatch: {
    meaning: 'The bytes are not the ones that spec.model.sha256 or the storage service promised.',
    causes: ['spec.model.sha256 belongs to another export.', 'The object was replaced.', 'A damaged transfer.'],
    nextCommand: 'sha256sum model.onnx',
    stalls: 'yes',
  },
  ExternalDataMissing: {
    meaning: 'The model keeps its weights in a second file that is not beside it.',
    causes: [
      'Only the .onnx file was uploaded: PyTorch writes large weights to model.onnx.data.',
      'spec.model.path names the file instead of the folder that holds both.',
    ],
    nextCommand: 'gcloud storage ls -l gs://BUCKET/FOLDER/',
    stalls: 'yes',
  },
  OutOfMemory: {
    meaning: 'The kernel ended the container for using more memory than its limit.',
    causes: [
      'spec.resources.limits.memory is too small for the model.',
      'Large requests or batches: lower spec.batching.maxRows or spec.maxRequestBytes.',
    ],
    nextCommand: `kubectl top pods --containers -l ${PODS}`,
    stalls: 'yes',
  },
  ImagePullFailed: {
    meaning: 'An image of the pods cannot be pulled.',
    causes: [
      "A typing error in spec.image, or an operator whose RUNTIME_IMAGE is not in the nodes' reach.",
      'A private registry without spec.imagePullSecrets.',
      'The registry does not answer, or limits the rate.',
    ],
    nextCommand: DESCRIBE_PODS,
    stalls: 'yes',
  },
  Unschedulable: {
    meaning: 'No node can take the pod.',
    causes: [
      'Too little free CPU or memory for spec.resources.requests.',
      'spec.nodeSelector, spec.affinity or spec.tolerations fit no node.',
      'The PersistentVolumeClaim of a pvc:// path does not exist or is not bound.',
    ],
    nextCommand: DESCRIBE_PODS,
    stalls: 'afterDeadline',
  },
  QuotaExceeded: {
    meaning: 'A resource quota of the namespace refuses the pods.',
    causes: [
      'The namespace has used up its quota; a rollout needs room for one more pod.',
      'The quota counts limits, and spec.resources.limits names none.',
    ],
    nextCommand: 'kubectl describe resourcequota',
    stalls: 'yes',
  },
  CrashLooping: {
    meaning: 'The container ends again and again without saying why.',
    causes: [
      'spec.image is not a runtime image, or is made for another kind of processor.',
      'The process was killed: exit code 137 often means memory, 139 a fault in native code.',
      'A sidecar that another program put into the pod fails.',
    ],
    nextCommand: LAST_LOGS,
    stalls: 'yes',
  },
  ProgressDeadlineExceeded: {
    meaning: 'New pods did not become ready in time, and say no reason.',
    causes: [
      'Downloading, loading or warming up the model takes longer than the progress deadline.',
      'A volume cannot be mounted.',
      'The CPU limit is too small to start.',
    ],
    nextCommand: DESCRIBE_PODS,
    stalls: 'yes',
  },
  ModelRejected: {
    meaning:
      'A new model generation or spec was refused; the previous one, if there is one, still serves. The next upload, change of the spec, or value of the annotation modeldeployment.dev/resolve-now tries again.',
    causes: [
      'The new file does not load, fails its self-check, or needs more memory than the limit: the message has the words of the pod.',
      'The new spec does not fit the model.',
      'New pods were not ready in time: no room, no image, no quota. This alone is tried again by itself, every 30 minutes.',
    ],
    nextCommand: DESCRIBE,
    stalls: 'yes',
  },
  ChildNotOwned: {
    meaning: 'An object with the name of a child exists and belongs to someone else; it is left untouched.',
    causes: ['A Deployment or Service of that name was made by hand, by Helm, or by another controller.'],
    nextCommand: 'kubectl get deployment,service,hpa,pdb NAME -o yaml',
    stalls: 'yes',
  },
  Paused: {
    meaning: 'spec.paused is set: children are left as they are.',
    causes: ['Someone set it, and can remove it.'],
    nextCommand: `kubectl patch modeldeployment NAME --type=merge -p '{"spec":{"paused":false}}'`,
    stalls: 'no',
  },
  InvalidSpec: {
    meaning: 'The spec asks for something that cannot be done.',
    causes: [
      'A ServiceAccount, Secret or ConfigMap that the spec names does not exist.',
      'A policy of the namespace (Pod Security, LimitRange, admission webhook) refuses the pods.',
      'The number of spec.model.labels is not the number of classes.',
    ],
    nextCommand: DESCRIBE,
    stalls: 'yes',
  },
} as const satisfies Readonly<Record<string, ReasonDoc>>;
export type Reason = keyof typeof REASONS;
