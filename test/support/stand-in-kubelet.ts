import type { ClusterObjects, LiveObject } from './cluster-objects.ts';

/** What becomes of a pod. */
export type PodFate =
  /** It loads the model and is ready. */
  | 'ready'
  /** Nothing happens to it. */
  | 'pending'
  /** It ended with this termination message (or none), and waits to be started again. */
  | { readonly terminated: { reason?: string; message?: string; exitCode?: number } }
  /** Its container cannot be started, for this reason of the kubelet. */
  | { readonly waiting: { reason: string; message?: string } }
  /** No node takes it, for this reason of the scheduler. */
  | { readonly unschedulable: string };

/** Of a pod that has a node. */
type Tended = Exclude<PodFate, 'pending' | { readonly unschedulable: string }>;

const INTERVAL_MS = 100;
/** The node lifecycle controller takes a node for dead after 50 s without a renewal. */
const RENEW_INTERVAL_MS = 5_000;

/**
 * Does for the pods of a namespace what a node would do, as far as the API goes: the test bed has no nodes. Nothing runs; the
 * Deployment and EndpointSlice controllers are the real ones.
 */
export class StandInKubelet {
  readonly #objects: ClusterObjects;
  readonly #node: string;
  readonly #timer: NodeJS.Timeout;
  #renewedAt = -Infinity;
  #addresses = 0;
  #round: Promise<void> | undefined;
  /** What becomes of a pod; may be replaced at any time. */
  fateOf: (pod: LiveObject) => PodFate;

  constructor(objects: ClusterObjects, fateOf: (pod: LiveObject) => PodFate = () => 'ready') {
    this.#objects = objects;
    this.#node = `node-of-${objects.namespace}`;
    this.fateOf = fateOf;
    this.#timer = setInterval(() => {
      // The API server may be down, or a pod be gone: the next round sees.
      this.#round ??= this.#lookAround()
        .catch(() => {})
        .finally(() => (this.#round = undefined));
    }, INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async #lookAround(): Promise<void> {
    await this.#renewNode();
    for (const pod of await this.#objects.list('pod')) {
      await this.#tend(pod).catch(() => {});
    }
  }

  async #tend(pod: LiveObject): Promise<void> {
    const { name } = pod.metadata;
    const path = `/api/v1/namespaces/${this.#objects.namespace}/pods/${name}`;
    if (pod.metadata.deletionTimestamp) {
      await this.#objects.request('DELETE', path, { gracePeriodSeconds: 0 });
      return;
    }
    const fate = this.fateOf(pod);
    if (fate === 'pending') return;
    if (typeof fate === 'object' && 'unschedulable' in fate) return this.#leaveUnscheduled(pod, fate.unschedulable);
    if (!pod.spec.nodeName) {
      const target = { kind: 'Node', name: this.#node };
      await this.#objects.request('POST', `${path}/binding`, { metadata: { name }, target });
    }
    const status = this.#statusOf(pod, fate);
    if (isSame(pod.status, status)) return;
    await this.#objects.patch('pod', name, { status }, { subresource: 'status', manager: 'kubelet' });
  }

  async #leaveUnscheduled(pod: LiveObject, message: string): Promise<void> {
    if (pod.status.conditions?.some(({ reason }: LiveObject) => reason === 'Unschedulable')) return;
    const lastTransitionTime = pod.metadata.creationTimestamp;
    const scheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime };
    const patch = { status: { conditions: [scheduled] } };
    await this.#objects.patch('pod', pod.metadata.name, patch, { subresource: 'status', manager: 'scheduler' });
  }

  #statusOf(pod: LiveObject, fate: Tended): LiveObject {
    const isReady = fate === 'ready';
    const startedAt = pod.metadata.creationTimestamp;
    const podIP = pod.status.podIP ?? this.#nextAddress();
    const { state, lastState, restartCount } = containerState(fate, startedAt);
    const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: isReady || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
      lastTransitionTime: startedAt,
    }));
    const { name, image } = pod.spec.containers[0];
    const container = { name, image, imageID: image, ready: isReady, started: isReady, restartCount };
    const containerStatuses = [{ ...container, state, lastState }];
    return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions, containerStatuses };
  }

  #nextAddress(): string {
    this.#addresses += 1;
    return `10.9.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
  }

  /** The node exists and is alive. */
  async #renewNode(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_INTERVAL_MS) return;
    const metadata = { name: this.#node };
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    const spec = { holderIdentity: this.#node, leaseDurationSeconds: 40, renewTime: microTime() };
    if (this.#renewedAt < 0) {
      await this.#objects.request('POST', '/api/v1/nodes', { metadata }).catch(() => {});
      await this.#objects.request('POST', leases, { metadata, spec }).catch(() => {});
      const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date(), reason: 'KubeletReady' }];
      await this.#objects.request('PATCH', `/api/v1/nodes/${this.#node}/status`, { status: { conditions } });
    }
    await this.#objects.request('PATCH', `${leases}/${this.#node}`, { spec });
    this.#renewedAt = performance.now();
  }
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

function containerState(fate: Tended, startedAt: string): Pick<LiveObject, 'state' | 'lastState' | 'restartCount'> {
  if (fate === 'ready') return { state: { running: { startedAt } }, lastState: {}, restartCount: 0 };
  if ('waiting' in fate) return { state: fate, lastState: {}, restartCount: 0 };
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' };
  const terminated = { exitCode: 1, reason: 'Error', finishedAt: startedAt, ...fate.terminated };
  return { state: { waiting }, lastState: { terminated }, restartCount: 3 };
}

function isSame(live: LiveObject, status: LiveObject): boolean {
  const [now] = live.containerStatuses ?? [];
  const [wanted] = status.containerStatuses;
  const isSameState = now?.state?.waiting?.reason === wanted.state.waiting?.reason;
  return isSameState && live.phase === status.phase && now?.ready === wanted.ready;
}
