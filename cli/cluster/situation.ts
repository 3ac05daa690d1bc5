import type { CoreV1Event, V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { APP_NAME, LABELS } from '../../operator/api/labels.ts';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import { ownershipOf } from '../../operator/ownership.ts';
import type { Cluster } from './cluster.ts';
import { RefusedError } from './refusal.ts';

/** One ModelDeployment and what the cluster tells around it. */
export interface Situation {
  readonly modelDeployment: ModelDeployment;
  /** Its own; undefined when there is none, or none that may be read. */
  readonly deployment: V1Deployment | undefined;
  readonly pods: readonly V1Pod[];
  /** About it, its Deployment and its pods, oldest first. */
  readonly events: readonly CoreV1Event[];
  /** What may not be read, in the words of the API server. */
  readonly unreadable: readonly string[];
  readonly now: Date;
}

/** Pods whose events are asked for. */
const MAX_PODS_WITH_EVENTS = 4;

/** Label selector of a ModelDeployment's pods. */
export function podSelector(name: string): string {
  return `${LABELS.name}=${APP_NAME},${LABELS.instance}=${name}`;
}

/** Reads everything around an object; what may not be read is told, not thrown. @throws CommandError when the object itself cannot be read */
export async function readSituation(cluster: Cluster, name: string): Promise<Situation> {
  const modelDeployment = await cluster.modelDeployment(name);
  const unreadable: string[] = [];
  const orElse = async <T>(reading: Promise<T>, otherwise: T): Promise<T> =>
    reading.catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      unreadable.push(error.message);
      return otherwise;
    });
  const [deployment, pods] = await Promise.all([
    orElse(cluster.find<V1Deployment>(RESOURCES.deployment, name), undefined),
    orElse(cluster.list<V1Pod>(RESOURCES.pod, { labels: podSelector(name) }), []),
  ]);
  const own = deployment && ownershipOf(deployment, modelDeployment) === 'own' ? deployment : undefined;
  const about = [modelDeployment, own, ...pods.slice(-MAX_PODS_WITH_EVENTS)].map((object) => object?.metadata?.uid);
  const events = await Promise.all(
    about
      .filter((uid) => uid !== undefined)
      .map((uid) => orElse(cluster.list<CoreV1Event>(RESOURCES.event, { fields: `involvedObject.uid=${uid}` }), [])),
  );
  return {
    modelDeployment,
    deployment: own,
    pods,
    events: events.flat().sort((a, b) => timeOf(a) - timeOf(b)),
    unreadable: [...new Set(unreadable)],
    now: new Date(),
  };
}

/** When it happened last, in milliseconds since the epoch. */
export function timeOf({ lastTimestamp, eventTime, firstTimestamp, metadata }: CoreV1Event): number {
  const time = lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp;
  return time === undefined ? 0 : new Date(time).getTime();
}
