import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';
import { parseTerminationMessage } from '../../runtime/contract.ts';

/** What exit codes mean beyond a program's own: 128 + signal, and the shell's. https://tldp.org/LDP/abs/html/exitcodes.html */
const EXIT_CODES: Readonly<Record<number, string>> = {
  126: 'the command cannot be executed',
  127: 'the command does not exist in the image',
  132: 'illegal instruction: made for another processor',
  134: 'the program aborted itself',
  137: 'killed, often for memory',
  139: 'a fault in native code',
  143: 'asked to stop',
};

/** What a pod is doing or suffers from, in a few words; undefined for one that is ready. */
export function podWords({ metadata, spec, status = {} }: V1Pod): string | undefined {
  if (metadata?.deletionTimestamp) return 'is being deleted';
  if (conditionOf(status, 'Ready')?.status === 'True') return undefined;
  const scheduled = conditionOf(status, 'PodScheduled');
  if (scheduled?.status === 'False') return `waits for a node: ${scheduled.message ?? 'no reason given'}`;
  const words = unreadyContainers(status).map((container) => containerWords(container));
  if (words.length > 0) return words.join('; ');
  return spec?.nodeName === undefined ? 'waits for a node' : 'waits for its containers';
}

function conditionOf({ conditions }: V1PodStatus, type: string): V1PodCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function unreadyContainers(status: V1PodStatus): V1ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].filter(({ ready }) => !ready);
}

function containerWords({ name, state, lastState, restartCount, started }: V1ContainerStatus): string {
  const subject = name === 'runtime' ? '' : `container ${name} `;
  const ended = endWords(state) ?? endWords(lastState);
  const times = restartCount > 0 ? `restarted ${restartCount} ${restartCount === 1 ? 'time' : 'times'}, ` : '';
  if (ended !== undefined) return `${subject}${times}${ended}`;
  if (state?.waiting) return `${subject}waits: ${state.waiting.reason ?? ''}${detail(state.waiting.message)}`;
  if (state?.running) return `${subject}${times}${started === false ? 'is starting' : 'runs, is not ready'}`;
  return `${subject}has not started`;
}

function endWords(state: V1ContainerState | undefined): string | undefined {
  const ended = state?.terminated;
  if (!ended) return undefined;
  const said = parseTerminationMessage(ended.message);
  if (said) return `ended and said ${said.reason}: ${said.message}`;
  if (ended.reason === 'OOMKilled') return 'was killed for using more memory than its limit';
  const meaning = EXIT_CODES[ended.exitCode];
  return `ended with exit code ${ended.exitCode}${meaning ? ` (${meaning})` : ''}`;
}

function detail(message: string | undefined): string {
  return message ? ` (${message.replaceAll(/\s+/g, ' ').trim()})` : '';
}
