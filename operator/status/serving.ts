import type { V1Pod } from '@kubernetes/client-node';
import { ANNOTATIONS } from '../api/labels.ts';
import type { Children, DesiredRollout } from '../api/observed.ts';

/** Who answers requests now, judged by EndpointSlices: what a client reaches, not what a Deployment says. */
export interface Serving {
  /** Ready endpoints, each pod once. */
  readonly readyPods: number;
  /** Ready endpoints of the desired template, without pods that are about to go. */
  readonly currentPods: number;
  /** Ready endpoints of another template. */
  readonly otherPods: number;
  /** The generation that ready pods were told to serve; while two are served, the one that is to go. */
  readonly generation: string | undefined;
}

/** Counts the ready endpoints of the Service by the template that their pods were made from. */
export function computeServing({ endpointSlices, pods }: Children, desired: DesiredRollout | undefined): Serving {
  const endpoints = endpointSlices.flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.name);
  const names = new Set(ready.map(({ targetRef }) => targetRef?.name));
  // An endpoint whose pod the cache does not hold yet answers requests, but nobody can say what it serves.
  const known = pods.filter(({ metadata }) => names.has(metadata?.name));
  const isCurrent = (pod: V1Pod): boolean => desired !== undefined && isOfTemplate(pod, desired.templateHash);
  return {
    readyPods: names.size,
    currentPods: known.filter((pod) => isCurrent(pod) && !pod.metadata?.deletionTimestamp).length,
    otherPods: known.filter((pod) => !isCurrent(pod)).length,
    generation: servedGeneration(known, desired?.generation),
  };
}

/** Whether the pod was made from the template of that hash. */
export function isOfTemplate(pod: V1Pod, templateHash: string): boolean {
  return pod.metadata?.annotations?.[ANNOTATIONS.templateHash] === templateHash;
}

function servedGeneration(pods: readonly V1Pod[], desired: string | undefined): string | undefined {
  const served = new Set(pods.map(({ metadata }) => metadata?.annotations?.[ANNOTATIONS.modelGeneration]));
  served.delete(undefined);
  const leaving = [...served].filter((generation) => generation !== desired);
  const candidates = leaving.length > 0 ? leaving : [...served];
  return candidates.sort(byNumber)[0];
}

/** Generations are digits of any length. */
function byNumber(a = '', b = ''): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
