import type { FaultyProxy } from '../../../dev/faulty-proxy.ts';
import type { ConditionType, Reason } from '../../../operator/api/model-deployment.ts';
import type { LiveObject } from '../../support/cluster-objects.ts';
import type { KStatus } from '../../support/kstatus.ts';
import { soon, type OperatorBed } from '../../support/operator-bed.ts';
import type { PodFate } from '../../support/stand-in-kubelet.ts';

/** What a row may do to bring its fault about. */
export interface FaultContext {
  readonly bed: OperatorBed;
  /** Between the operator and storage. */
  readonly storage: FaultyProxy;
  /** Name of the ModelDeployment. */
  readonly name: string;
}

/** One way to get a condition with a reason where no kubelet runs: the pods' states are written by the test, all else is real. */
export interface Fault {
  /** The condition that carries the reason. Default: Ready. */
  readonly condition?: ConditionType;
  readonly says: RegExp;
  readonly kstatus: KStatus;
  /** Fields of the spec besides the path. */
  readonly spec?: object;
  /** Default: an object that was uploaded. */
  readonly path?: string;
  /** Nothing is uploaded. */
  readonly isMissing?: boolean;
  /** What becomes of the pods. Default: ready. */
  readonly fate?: (pod: LiveObject) => PodFate;
  /** Before the ModelDeployment is made. */
  readonly before?: (context: FaultContext) => Promise<void>;
  /** Once it is Ready. */
  readonly onceReady?: (context: FaultContext) => Promise<void>;
  /** Once it is made and the operator has seen it. */
  readonly after?: (context: FaultContext) => Promise<void>;
}

const tells = (reason: Reason) => (): PodFate => ({
  terminated: { message: JSON.stringify({ reason, message: `Words of a pod on ${reason}.` }) },
});

/** The pod says the reason itself. */
function toldByPod(reason: Reason): Fault {
  return { fate: tells(reason), says: new RegExp(`^Words of a pod on ${reason}\\.$`), kstatus: 'Failed' };
}

/** The pod says it once the spec asks for debug logs. */
const onlyDebug =
  (fate: PodFate) =>
  ({ spec }: LiveObject): PodFate =>
    spec.containers[0].env.some(({ name }: LiveObject) => name === 'LOG_LEVEL') ? fate : 'ready';

const patch =
  (spec: object) =>
  async ({ bed, name }: FaultContext): Promise<void> => {
    await bed.objects.patch('modelDeployment', name, { spec });
  };

/** Every request about the bucket is answered so. */
const answer =
  (bucket: string, status: number) =>
  async ({ storage }: FaultContext): Promise<void> => {
    storage.inject({ fault: { kind: 'status', status }, path: new RegExp(`/b/${bucket}/`) });
  };

/** Every reason of the API. The compiler misses a row for a new one. */
export const FAULTS: Readonly<Record<Reason, Fault>> = {
  Ready: { says: /^Every replica serves model generation \d+\.$/, kstatus: 'Current' },
  Resolved: { condition: 'ModelResolved', says: /^Model generation \d+ exists and is readable\.$/, kstatus: 'Current' },
  ResolvedByPods: {
    condition: 'ModelResolved',
    path: 'pvc://models/iris/model.onnx',
    says: /^The pods read the model from claim models\.$/,
    kstatus: 'Current',
  },
  Serving: { condition: 'Available', says: /^At least one pod answers requests\.$/, kstatus: 'Current' },
  RolloutInProgress: { fate: () => 'pending', says: /^0 of 1 replicas serve/, kstatus: 'InProgress' },
  ScaledToZero: { spec: { replicas: 0 }, says: /^Zero replicas are wanted/, kstatus: 'Current' },
  ModelNotFound: { isMissing: true, says: /does not exist: .* upload it or correct the path\.$/, kstatus: 'Failed' },
  ModelAccessDenied: {
    condition: 'ModelResolved',
    path: 'gs://forbidden/model.onnx',
    before: answer('forbidden', 403),
    says: /may not read gs:\/\/.*: grant it storage\.objects\.get.* the pods have theirs, and take the newest when they start/,
    kstatus: 'Current',
  },
  StorageUnavailable: {
    path: 'gs://unavailable/model.onnx',
    before: answer('unavailable', 503),
    says: /could not be read from GCS \(HTTP 503\)/,
    kstatus: 'InProgress',
  },
  ModelTooLarge: toldByPod('ModelTooLarge'),
  ModelInvalid: toldByPod('ModelInvalid'),
  ModelUnsupported: toldByPod('ModelUnsupported'),
  ModelChecksumMismatch: toldByPod('ModelChecksumMismatch'),
  ExternalDataMissing: toldByPod('ExternalDataMissing'),
  OutOfMemory: {
    fate: () => ({ terminated: { reason: 'OOMKilled', exitCode: 137 } }),
    says: /^The container used more memory than its limit of 512Mi: raise spec\.resources\.limits\.memory\.$/,
    kstatus: 'Failed',
  },
  ImagePullFailed: {
    fate: () => ({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } }),
    says: /^The image \S+ cannot be pulled: check spec\.image and spec\.imagePullSecrets\.$/,
    kstatus: 'Failed',
  },
  Unschedulable: {
    fate: () => ({ unschedulable: '0/3 nodes are available: 3 Insufficient cpu. preemption: none.' }),
    says: /^No node can take the pod: 0\/3 nodes are available: 3 Insufficient cpu\.$/,
    kstatus: 'InProgress',
  },
  QuotaExceeded: {
    before: makeQuota,
    spec: { priorityClassName: 'fault-matrix' },
    says: /^Pods are refused: exceeded quota: fault-matrix, requested: pods=1/,
    kstatus: 'Failed',
  },
  CrashLooping: {
    fate: () => ({ terminated: { exitCode: 139 } }),
    says: /^The container ends again and again with exit code 139 and gives no reason/,
    kstatus: 'Failed',
  },
  ProgressDeadlineExceeded: {
    fate: () => 'pending',
    after: ({ bed, name }) => passDeadline(bed, name),
    says: /^New pods did not become ready within \d+ seconds and give no reason/,
    kstatus: 'Failed',
  },
  ModelRejected: {
    fate: onlyDebug(tells('InvalidSpec')()),
    onceReady: patch({ logLevel: 'debug' }),
    says: /^The new spec was refused \(InvalidSpec\): Words of a pod on InvalidSpec\. The previous spec serves on\.$/,
    kstatus: 'Failed',
  },
  ChildNotOwned: {
    before: async ({ bed, name }) => {
      await bed.objects.create('service', {
        metadata: { name },
        spec: { ports: [{ port: 80 }], selector: { app: 'x' } },
      });
    },
    says: /^Service \S+ exists and is not of this ModelDeployment/,
    kstatus: 'Failed',
  },
  Paused: { onceReady: patch({ paused: true }), says: /^spec\.paused is set/, kstatus: 'Current' },
  InvalidSpec: {
    spec: { serviceAccountName: 'nobody' },
    says: /^Pods are refused: error looking up service account .*"nobody" not found\.$/,
    kstatus: 'Failed',
  },
};

/** A quota for pods of a priority class of its own, so that the other rows have room. */
async function makeQuota({ bed }: FaultContext): Promise<void> {
  const metadata = { name: 'fault-matrix' };
  await bed.objects.request('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', { metadata, value: 1 });
  const inClass = { scopeName: 'PriorityClass', operator: 'In', values: ['fault-matrix'] };
  const spec = { hard: { pods: '0' }, scopeSelector: { matchExpressions: [inClass] } };
  await bed.objects.request('POST', `/api/v1/namespaces/${bed.namespace}/resourcequotas`, { metadata, spec });
}

/** A rollout's ten minutes pass at once: while the operator pauses, the Deployment gets a deadline of a second. */
export async function passDeadline(bed: OperatorBed, name: string): Promise<void> {
  await bed.objects.patch('modelDeployment', name, { spec: { paused: true } });
  await soon(async () => {
    const { metadata, status } = await bed.objects.get('modelDeployment', name);
    if (status.observedGeneration !== metadata.generation) throw new Error('the operator has not paused yet');
  });
  await bed.objects.patch('deployment', name, { spec: { progressDeadlineSeconds: 1 } });
  await soon(async () => {
    const { status } = await bed.objects.get('deployment', name);
    const condition = status.conditions?.find(({ type }: LiveObject) => type === 'Progressing');
    if (condition?.reason !== 'ProgressDeadlineExceeded') throw new Error('the deadline has not passed yet');
  });
  await bed.objects.patch('modelDeployment', name, { spec: { paused: false } });
}
