import type { Observed } from '../../../operator/api/observed.ts';
import type { Reason } from '../../../operator/api/model-deployment.ts';
import type { KStatus } from '../../support/kstatus.ts';
import {
  CURRENT,
  NEW_GENERATION,
  OLD_GENERATION,
  PREVIOUS,
  containerStatus,
  deployment,
  endedWith,
  endpointSlice,
  observed,
  pod,
  type PodStatus,
} from '../../support/observed.ts';

/** A state of the world and what is to be said of it. */
export interface State {
  readonly name: string;
  readonly observed: Observed;
  readonly reason: Reason;
  readonly message: string;
  readonly ready?: boolean;
  readonly available?: boolean;
  readonly progressing?: boolean;
  readonly kstatus: KStatus;
}

const old = (name = 'old'): ReturnType<typeof pod> => pod(name, { hash: PREVIOUS, ready: true });
const late = deployment({
  replicas: 1,
  updatedReplicas: 1,
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
});
const failed = { kind: 'failed', retryable: false } as const;
const saysAs = (reason: Reason, message: string) =>
  observed({ pods: [pod('a', { status: endedWith(reason, message) })] });

/** What the pods say on their own account: the words are the runtime's. */
const TOLD_BY_PODS: readonly State[] = (
  [
    'ModelNotFound',
    'ModelAccessDenied',
    'ModelTooLarge',
    'ModelInvalid',
    'ModelUnsupported',
    'ModelChecksumMismatch',
    'ExternalDataMissing',
    'ModelRejected',
    'InvalidSpec',
  ] as const
).map((reason) => ({
  name: `the only pod says ${reason}`,
  observed: saysAs(reason, 'Do this.'),
  reason,
  message: 'Do this.',
  kstatus: 'Failed',
}));

/** At least one state for every reason that Ready can carry. */
export const STATES: readonly State[] = [
  {
    name: 'all is well',
    observed: observed(),
    reason: 'Ready',
    message: `Every replica serves model generation ${NEW_GENERATION}.`,
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'all is well where pods resolve the model themselves',
    observed: observed({
      resolution: { kind: 'delegated', reason: 'ModelAccessDenied', message: 'The operator may not read it; pods do.' },
      desired: { templateHash: CURRENT, generation: undefined },
      pods: [pod('a', { ready: true, generation: undefined })],
    }),
    reason: 'Ready',
    message: 'Every replica serves the model.',
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'all is well where the model is on a claim',
    observed: observed({
      resolution: {
        kind: 'delegated',
        reason: 'ResolvedByPods',
        message: 'The pods read the model from claim models.',
      },
      desired: { templateHash: CURRENT, generation: undefined },
      pods: [pod('a', { ready: true, generation: undefined })],
    }),
    reason: 'Ready',
    message: 'Every replica serves the model.',
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'storage does not answer while everything serves',
    observed: observed({ resolution: { ...failed, retryable: true, reason: 'StorageUnavailable', message: 'Wait.' } }),
    reason: 'Ready',
    message: `Every replica serves model generation ${NEW_GENERATION}.`,
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'the autoscaler is on its way up',
    observed: observed({
      modelDeployment: { spec: { autoscaling: { minReplicas: 1, maxReplicas: 5 } } },
      pods: [pod('a', { ready: true }), pod('b')],
      children: { deployment: deployment({ replicas: 2, updatedReplicas: 2 }, CURRENT, 2) },
    }),
    reason: 'Ready',
    message: `Every replica serves model generation ${NEW_GENERATION}.`,
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'nothing exists yet',
    observed: observed({ pods: [], children: { deployment: undefined, service: undefined } }),
    reason: 'RolloutInProgress',
    message: '0 of 1 replicas serve the current spec and model; new pods are starting.',
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'new pods start while old ones serve',
    observed: observed({ pods: [old(), pod('new')] }),
    reason: 'RolloutInProgress',
    message: '0 of 1 replicas serve the current spec and model; new pods are starting.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'an old pod still answers beside the new one',
    observed: observed({ pods: [old(), pod('new', { ready: true })] }),
    reason: 'RolloutInProgress',
    message: 'Every wanted pod is ready; the rest of the rollout is under way.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'an old pod was told to go and still answers',
    observed: observed({
      pods: [pod('old', { hash: PREVIOUS, ready: true, deleted: true }), pod('new', { ready: true })],
      children: { deployment: deployment({ replicas: 1, updatedReplicas: 1 }) },
    }),
    reason: 'RolloutInProgress',
    message: 'Every wanted pod is ready; the rest of the rollout is under way.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'the only pod of the template was told to go and still answers',
    observed: observed({
      pods: [pod('gone', { ready: true, deleted: true }), pod('next')],
      children: { deployment: deployment({ replicas: 1, updatedReplicas: 1 }) },
    }),
    reason: 'RolloutInProgress',
    message: '0 of 1 replicas serve the current spec and model; new pods are starting.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'pods are replaced by kubectl rollout restart, with the template unchanged',
    observed: observed({
      pods: [pod('a', { ready: true }), pod('b', { ready: true })],
      children: { deployment: deployment({ replicas: 2, updatedReplicas: 1 }) },
    }),
    reason: 'RolloutInProgress',
    message: 'Every wanted pod is ready; the rest of the rollout is under way.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'the pod is ready but not yet an endpoint',
    observed: observed({ children: { endpointSlices: [] } }),
    reason: 'RolloutInProgress',
    message: '0 of 1 replicas serve the current spec and model; new pods are starting.',
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'the Service is gone',
    observed: observed({ children: { service: undefined } }),
    reason: 'RolloutInProgress',
    message: 'Every wanted pod is ready; the rest of the rollout is under way.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'the number of pods is raised and the Deployment has not followed yet',
    observed: observed({
      modelDeployment: { spec: { replicas: 2 } },
      children: { deployment: deployment({ replicas: 1, updatedReplicas: 1 }, CURRENT, 2) },
    }),
    reason: 'RolloutInProgress',
    message: '1 of 2 replicas serve the current spec and model; new pods are starting.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'zero replicas are wanted',
    observed: observed({ modelDeployment: { spec: { replicas: 0 } }, pods: [] }),
    reason: 'ScaledToZero',
    message: 'Zero replicas are wanted: nothing runs.',
    ready: true,
    kstatus: 'Current',
  },
  {
    name: 'zero replicas are wanted and the last one still answers',
    observed: observed({ modelDeployment: { spec: { replicas: 0 } } }),
    reason: 'RolloutInProgress',
    message: 'Every wanted pod is ready; the rest of the rollout is under way.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'somebody scaled an autoscaled Deployment to zero',
    observed: observed({
      modelDeployment: { spec: { autoscaling: { minReplicas: 2, maxReplicas: 5 } } },
      pods: [],
      children: { deployment: deployment({}, CURRENT, 0) },
    }),
    reason: 'ScaledToZero',
    message: 'Zero replicas are wanted: nothing runs.',
    ready: true,
    kstatus: 'Current',
  },
  ...TOLD_BY_PODS,
  {
    name: 'the model is not there, before any pod',
    observed: observed({
      resolution: { ...failed, reason: 'ModelNotFound', message: 'Upload it.' },
      desired: undefined,
      pods: [],
      children: { deployment: undefined },
    }),
    reason: 'ModelNotFound',
    message: 'Upload it.',
    kstatus: 'Failed',
  },
  {
    name: 'the model was deleted while pods serve it',
    observed: observed({ resolution: { ...failed, reason: 'ModelNotFound', message: 'Upload it.' } }),
    reason: 'ModelNotFound',
    message: 'Upload it.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'storage has not answered yet, before the first pod',
    observed: observed({
      resolution: { kind: 'pending', message: 'Asking storage.' },
      desired: undefined,
      pods: [],
      children: { deployment: undefined },
    }),
    reason: 'RolloutInProgress',
    message: 'Asking storage.',
    kstatus: 'InProgress',
  },
  {
    name: 'storage has not answered yet while pods start',
    observed: observed({ resolution: { kind: 'pending', message: 'Asking storage.' }, pods: [old(), pod('new')] }),
    reason: 'RolloutInProgress',
    message: '0 of 1 replicas serve the current spec and model; new pods are starting.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'storage does not answer before the first pod',
    observed: observed({
      resolution: { ...failed, retryable: true, reason: 'StorageUnavailable', message: 'Wait.' },
      desired: undefined,
      pods: [],
      children: { deployment: undefined },
    }),
    reason: 'StorageUnavailable',
    message: 'Wait.',
    kstatus: 'InProgress',
  },
  {
    name: 'storage does not answer after the path was changed',
    observed: observed({
      resolution: { ...failed, retryable: true, reason: 'StorageUnavailable', message: 'Wait.' },
      desired: undefined,
      pods: [old()],
    }),
    reason: 'StorageUnavailable',
    message: 'Wait.',
    available: true,
    kstatus: 'InProgress',
  },
  {
    name: 'a pod cannot reach storage while old ones serve',
    observed: observed({ pods: [old(), pod('new', { status: endedWith('StorageUnavailable', 'Wait.') })] }),
    reason: 'StorageUnavailable',
    message: 'Wait.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'a pod cannot reach storage until the deadline',
    observed: observed({
      pods: [pod('new', { status: endedWith('StorageUnavailable', 'Wait.') })],
      children: { deployment: late },
    }),
    reason: 'StorageUnavailable',
    message: 'Wait.',
    kstatus: 'Failed',
  },
  {
    name: 'the only pod was killed for memory',
    observed: observed({
      pods: [pod('a', { status: containerStatus({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }) })],
    }),
    reason: 'OutOfMemory',
    message: 'The container used more memory than its limit of 512Mi: raise spec.resources.limits.memory.',
    kstatus: 'Failed',
  },
  {
    name: 'the image cannot be pulled while old pods serve',
    observed: observed({
      pods: [old(), pod('new', { status: containerStatus({ state: { waiting: { reason: 'ErrImagePull' } } }) })],
    }),
    reason: 'ImagePullFailed',
    message: 'The image runtime:1 cannot be pulled: check spec.image and spec.imagePullSecrets.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'no node has room yet',
    observed: observed({ pods: [pod('a', { status: unscheduled() })] }),
    reason: 'Unschedulable',
    message: 'No node can take the pod: 0/3 nodes are available: 3 Insufficient cpu.',
    progressing: true,
    kstatus: 'InProgress',
  },
  {
    name: 'no node had room until the deadline',
    observed: observed({ pods: [pod('a', { status: unscheduled() })], children: { deployment: late } }),
    reason: 'Unschedulable',
    message: 'No node can take the pod: 0/3 nodes are available: 3 Insufficient cpu.',
    kstatus: 'Failed',
  },
  {
    name: 'a quota refuses the pods',
    observed: observed({
      pods: [],
      children: {
        deployment: deployment({
          conditions: [
            {
              type: 'ReplicaFailure',
              status: 'True',
              reason: 'FailedCreate',
              message:
                'pods "iris-7c6cc59f7f-t6zwb" is forbidden: exceeded quota: compute, used: pods=4, limited: pods=4',
            },
          ],
        }),
      },
    }),
    reason: 'QuotaExceeded',
    message: 'Pods are refused: exceeded quota: compute, used: pods=4, limited: pods=4.',
    kstatus: 'Failed',
  },
  {
    name: 'the only pod crashes without a word',
    observed: observed({
      pods: [pod('a', { status: containerStatus({ restartCount: 3, state: { terminated: { exitCode: 139 } } }) })],
    }),
    reason: 'CrashLooping',
    message:
      'The container ends again and again with exit code 139 and gives no reason: read its log with kubectl logs --previous.',
    kstatus: 'Failed',
  },
  {
    name: 'the only pod is late and silent',
    observed: observed({ pods: [pod('a')], children: { deployment: late } }),
    reason: 'ProgressDeadlineExceeded',
    message:
      'New pods did not become ready within 600 seconds and give no reason: see kubectl describe pods -l app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=iris.',
    kstatus: 'Failed',
  },
  {
    name: 'a new generation does not load while the old one serves',
    observed: observed({ pods: [old(), pod('new', { status: endedWith('ModelInvalid', 'It is a pickle') })] }),
    reason: 'ModelRejected',
    message: `Model generation ${NEW_GENERATION} was refused (ModelInvalid): It is a pickle. Generation ${OLD_GENERATION} serves on.`,
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'a new generation is late and silent while the old one serves',
    observed: observed({
      pods: [old(), pod('new')],
      children: { deployment: late },
    }),
    reason: 'ModelRejected',
    message: `Model generation ${NEW_GENERATION} was refused (ProgressDeadlineExceeded): New pods did not become ready within 600 seconds and give no reason: see kubectl describe pods -l app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=iris. Generation ${OLD_GENERATION} serves on.`,
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'a new spec does not fit the model while the old one serves',
    observed: observed({
      pods: [
        pod('old', { hash: PREVIOUS, generation: NEW_GENERATION, ready: true }),
        pod('new', { status: endedWith('InvalidSpec', 'labels has 2 names, the model 3 classes.') }),
      ],
    }),
    reason: 'ModelRejected',
    message:
      'The new spec was refused (InvalidSpec): labels has 2 names, the model 3 classes. The previous spec serves on.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'the refused generation was taken back',
    observed: observed({
      pods: [pod('old', { ready: true, generation: OLD_GENERATION })],
      desired: { templateHash: CURRENT, generation: OLD_GENERATION },
      rejection: { generation: NEW_GENERATION, templateHash: 'x', reason: 'OutOfMemory', message: 'Raise the limit.' },
    }),
    reason: 'ModelRejected',
    message: `Model generation ${NEW_GENERATION} was refused (OutOfMemory): Raise the limit. Generation ${OLD_GENERATION} serves on.`,
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'the refused generation was taken back and the old one has to start again',
    observed: observed({
      pods: [pod('old', { generation: OLD_GENERATION })],
      desired: { templateHash: CURRENT, generation: OLD_GENERATION },
      rejection: { generation: NEW_GENERATION, templateHash: 'x', reason: 'OutOfMemory', message: 'Raise the limit.' },
    }),
    reason: 'ModelRejected',
    message: `Model generation ${NEW_GENERATION} was refused (OutOfMemory): Raise the limit. Generation ${OLD_GENERATION} is to be served instead.`,
    kstatus: 'Failed',
  },
  {
    name: 'the refused spec was taken back',
    observed: observed({
      rejection: {
        generation: NEW_GENERATION,
        templateHash: 'x',
        reason: 'InvalidSpec',
        message: 'labels has 2 names, the model 3 classes.',
      },
    }),
    reason: 'ModelRejected',
    message:
      'The new spec was refused (InvalidSpec): labels has 2 names, the model 3 classes. The previous spec serves on.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'a spec that no node had room for was taken back for a while',
    observed: observed({
      rejection: {
        generation: NEW_GENERATION,
        templateHash: 'x',
        reason: 'Unschedulable',
        message: 'No node can take the pod.',
        retryAt: '2026-03-01T12:30:00Z',
      },
    }),
    reason: 'ModelRejected',
    message:
      'The new spec was refused (Unschedulable): No node can take the pod. The previous spec serves on. What was refused is tried again every 30 minutes.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'the image could not be pulled until the deadline while old pods serve, and there is nothing to go back to',
    observed: observed({
      pods: [
        pod('old', { hash: PREVIOUS, generation: NEW_GENERATION, ready: true }),
        pod('new', { status: containerStatus({ state: { waiting: { reason: 'ErrImagePull' } } }) }),
      ],
      children: { deployment: late },
    }),
    reason: 'ModelRejected',
    message:
      'The new spec was refused (ImagePullFailed): The image runtime:1 cannot be pulled: check spec.image and spec.imagePullSecrets. The previous spec serves on.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'the refused generation was taken back, and the old one was overwritten in the bucket',
    observed: observed({
      pods: [
        pod('old', { ready: true, generation: OLD_GENERATION }),
        pod('next', {
          generation: OLD_GENERATION,
          status: endedWith('ModelNotFound', `generation ${OLD_GENERATION} of gs://models/iris/model.onnx is gone`),
        }),
      ],
      desired: { templateHash: CURRENT, generation: OLD_GENERATION },
      rejection: { generation: NEW_GENERATION, templateHash: 'x', reason: 'ModelInvalid', message: 'It is a pickle.' },
    }),
    reason: 'ModelRejected',
    message: `Model generation ${NEW_GENERATION} was refused (ModelInvalid): It is a pickle. Generation ${OLD_GENERATION} serves on. But its new pods fail (ModelNotFound): generation ${OLD_GENERATION} of gs://models/iris/model.onnx is gone.`,
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'a child belongs to somebody else',
    observed: observed({ problem: { reason: 'ChildNotOwned', message: 'Rename one.' }, pods: [] }),
    reason: 'ChildNotOwned',
    message: 'Rename one.',
    kstatus: 'Failed',
  },
  {
    name: 'the spec cannot be done, pods of an earlier one serve',
    observed: observed({
      problem: { reason: 'InvalidSpec', message: 'Correct it.' },
      desired: undefined,
      pods: [old()],
    }),
    reason: 'InvalidSpec',
    message: 'Correct it.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'it is paused and up to date',
    observed: observed({ modelDeployment: { spec: { paused: true } } }),
    reason: 'Paused',
    message: 'spec.paused is set: children are left as they are.',
    ready: true,
    available: true,
    kstatus: 'Current',
  },
  {
    name: 'it is paused and behind',
    observed: observed({ modelDeployment: { spec: { paused: true } }, pods: [old()] }),
    reason: 'Paused',
    message: 'spec.paused is set: children are left as they are. Remove it to roll out the current spec.',
    available: true,
    kstatus: 'InProgress',
  },
  {
    name: 'one of three pods fails after all were ready',
    observed: observed({
      modelDeployment: { spec: { replicas: 3 } },
      pods: [
        pod('a', { ready: true }),
        pod('b', { ready: true }),
        pod('c', { status: containerStatus({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }) }),
      ],
    }),
    reason: 'OutOfMemory',
    message: 'The container used more memory than its limit of 512Mi: raise spec.resources.limits.memory.',
    available: true,
    kstatus: 'Failed',
  },
  {
    name: 'an endpoint is listed twice, for IPv4 and IPv6',
    observed: dualStack(),
    reason: 'RolloutInProgress',
    message: '1 of 2 replicas serve the current spec and model; new pods are starting.',
    available: true,
    progressing: true,
    kstatus: 'InProgress',
  },
];

function unscheduled(): PodStatus {
  const message = '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.';
  return {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  };
}

function dualStack(): Observed {
  const pods = [pod('a', { ready: true }), pod('b')];
  return observed({
    modelDeployment: { spec: { replicas: 2 } },
    pods,
    children: { endpointSlices: [endpointSlice(pods), { ...endpointSlice(pods), addressType: 'IPv6' }] },
  });
}
