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

/** Every reason a condition can carry: what it means, what usually causes it, and the command to type next. */
export const REASONS = {
  Ready: 'Every wanted replica serves the current spec and model generation.',
  RolloutInProgress: 'New pods are starting; old ones, if any, serve on.',
  ScaledToZero: 'Zero replicas are wanted, so nothing runs and nothing is wrong.',
  ModelNotFound: 'The bucket, object or generation named by spec.model does not exist.',
  ModelAccessDenied: 'The account that reads the model may not.',
  StorageUnavailable: 'The storage service does not answer or answers with errors; retried by itself.',
  ModelTooLarge: 'The model does not fit into the memory limit.',
  ModelInvalid: 'The file is not a whole ONNX model.',
  ModelUnsupported: 'The file is ONNX but needs what the runtime does not have.',
  ModelChecksumMismatch: 'The bytes are not the ones that spec.model.sha256 or the storage service promised.',
  ExternalDataMissing: 'The model keeps its weights in a second file that is not beside it.',
  OutOfMemory: 'The kernel ended the process for using more memory than its limit.',
  ImagePullFailed: 'The runtime image cannot be pulled.',
  Unschedulable: 'No node can take the pod.',
  QuotaExceeded: 'A resource quota of the namespace refuses the pods.',
  CrashLooping: 'The container ends again and again without saying why.',
  ProgressDeadlineExceeded: 'New pods did not become ready in time.',
  ModelRejected: 'A new generation or spec was refused; the previous one still serves.',
  ChildNotOwned: 'An object with the name of a child exists and belongs to someone else.',
  Paused: 'spec.paused is set: children are left as they are.',
  InvalidSpec: 'The spec asks for something that cannot be done.',
} as const;
export type Reason = keyof typeof REASONS;
