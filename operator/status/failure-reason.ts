import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { parseTerminationMessage } from '../../runtime/contract.ts';
import type { Reason } from '../api/model-deployment.ts';
import type { Problem } from '../api/observed.ts';
import { RUNTIME_CONTAINER } from '../resources/names.ts';

/**
 * Which of several problems is told: first what the model itself cannot do, then what a person set up wrongly, last what may
 * mend itself. Reasons that are not listed come after these.
 */
const PRECEDENCE: readonly Reason[] = [
  'ModelChecksumMismatch',
  'ModelInvalid',
  'ModelUnsupported',
  'ExternalDataMissing',
  'ModelRejected',
  'ModelTooLarge',
  'OutOfMemory',
  'ModelAccessDenied',
  'ModelNotFound',
  'InvalidSpec',
  'ImagePullFailed',
  'QuotaExceeded',
  'CrashLooping',
  'StorageUnavailable',
  'Unschedulable',
];

/** Waiting reasons of the kubelet (pkg/kubelet/images/types.go) for an image that is not there. */
const IMAGE_PULL_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
/** Waiting reason for a Secret or ConfigMap that env names and that is not there; its message says which, and is stable. */
const CONFIG_ERROR = 'CreateContainerConfigError';
/** Waiting and termination reasons of a container that cannot be created or started; their messages are the same every time. */
const START_ERRORS: ReadonlySet<string> = new Set([
  'CreateContainerError',
  'RunContainerError',
  'StartError',
  'ContainerCannotRun',
]);
/** Ends without a word before which the first may have been an accident. */
const MIN_RESTARTS_OF_LOOP = 2;
/** A kubelet may notice the end of a container, and take readiness back, a little after it started the next one. */
const READINESS_LAG_MS = 10_000;

/** The problem to tell of several; undefined of none. The same set gives the same answer in any order. */
export function chooseProblem(problems: readonly (Problem | undefined)[]): Problem | undefined {
  const rank = ({ reason }: Problem): number => {
    const index = PRECEDENCE.indexOf(reason);
    return index === -1 ? PRECEDENCE.length : index;
  };
  return problems
    .filter((problem) => problem !== undefined)
    .sort((a, b) => rank(a) - rank(b) || (a.message < b.message ? -1 : 1))[0];
}

/** Why these pods are not ready, as far as their status tells. Pods that are going, or were evicted and replaced, do not count. */
export function computeFailure(pods: readonly V1Pod[]): Problem | undefined {
  return chooseProblem(
    pods
      .filter(({ metadata, status }) => !metadata?.deletionTimestamp && status?.phase !== 'Failed')
      .flatMap((pod) => [
        schedulingProblem(pod),
        ...containerStatuses(pod).map((status) => containerProblem(pod, status)),
      ]),
  );
}

function containerStatuses({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function schedulingProblem({ status }: V1Pod): Problem | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  // What preemption and resource claims could not do either adds length, not help.
  const [why = ''] = (scheduled.message ?? '').split(/ (?:no new claims to deallocate|preemption: )/);
  return {
    reason: 'Unschedulable',
    message: sentence(`No node can take the pod: ${why || 'the scheduler gave no reason'}`),
  };
}

function containerProblem(pod: V1Pod, status: V1ContainerStatus): Problem | undefined {
  if (status.ready) return undefined;
  return waitingProblem(status) ?? terminationProblem(pod, status);
}

function waitingProblem({ name, image, state }: V1ContainerStatus): Problem | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (IMAGE_PULL_REASONS.has(reason)) {
    // The kubelet's own message changes from try to try.
    const remedy =
      name === RUNTIME_CONTAINER ? 'check spec.image and spec.imagePullSecrets' : `it belongs to container ${name}`;
    return { reason: 'ImagePullFailed', message: `The image ${image} cannot be pulled: ${remedy}.` };
  }
  if (reason === CONFIG_ERROR) {
    return { reason: 'InvalidSpec', message: sentence(`Container ${name} cannot be made: ${message}`) };
  }
  return START_ERRORS.has(reason) ? startProblem(name, message) : undefined;
}

function terminationProblem(pod: V1Pod, status: V1ContainerStatus): Problem | undefined {
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (!ended || wasReadySince(pod, status)) return undefined;
  if (ended.reason === 'OOMKilled') return { reason: 'OutOfMemory', message: outOfMemoryMessage(pod, status.name) };
  if (START_ERRORS.has(ended.reason ?? '')) return startProblem(status.name, ended.message ?? '');
  const words = parseTerminationMessage(ended.message);
  if (words) return { reason: words.reason, message: sentence(words.message) };
  return isLoop(status) ? { reason: 'CrashLooping', message: crashMessage(status.name, ended) } : undefined;
}

function isLoop({ state, restartCount }: V1ContainerStatus): boolean {
  return state?.waiting?.reason === 'CrashLoopBackOff' || restartCount >= MIN_RESTARTS_OF_LOOP;
}

function startProblem(containerName: string, message: string): Problem {
  return { reason: 'CrashLooping', message: sentence(`Container ${containerName} cannot be started: ${message}`) };
}

/** Whether the container that runs now has been ready since it started: then it is not its predecessor's end that ails it. */
function wasReadySince({ status: podStatus }: V1Pod, { state }: V1ContainerStatus): boolean {
  const startedAt = state?.running?.startedAt;
  const ready = podStatus?.conditions?.find(({ type }) => type === 'Ready');
  if (!startedAt || !ready?.lastTransitionTime) return false;
  return new Date(ready.lastTransitionTime).getTime() > new Date(startedAt).getTime() + READINESS_LAG_MS;
}

function outOfMemoryMessage({ spec }: V1Pod, containerName: string): string {
  const limit = spec?.containers.find(({ name }) => name === containerName)?.resources?.limits?.['memory'];
  if (containerName !== RUNTIME_CONTAINER) return `Container ${containerName} used more memory than its limit.`;
  return `The container used more memory than its limit${limit ? ` of ${limit}` : ''}: raise spec.resources.limits.memory.`;
}

function crashMessage(name: string, { exitCode }: V1ContainerStateTerminated): string {
  const subject = name === RUNTIME_CONTAINER ? 'The container' : `Container ${name}`;
  return `${subject} ends again and again with exit code ${exitCode} and gives no reason: read its log with kubectl logs --previous.`;
}

/** Text of others as a sentence of one line. */
export function sentence(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /[.!?\u2026]$/.test(line) ? line : `${line}.`;
}
