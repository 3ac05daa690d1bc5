import type { V1Deployment, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { CHILD_SELECTOR, LABELS } from '../../operator/api/labels.ts';
import { systemClock as clock } from '../../operator/clock.ts';
import type { ApiServerConnection } from '../../operator/cluster/connection.ts';
import { RESOURCES, resourcePath } from '../../operator/cluster/resources.ts';
import { startWatch, type RunningWatch } from '../../operator/cluster/watch.ts';
import { DONE, WorkQueue, type Outcome } from '../../operator/work-queue.ts';
import { makeEndpointSlice, makePods, readyStatus, statusOf } from './stand-in-objects.ts';

type Key = `${string}/${string}`;

const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const ABSENT: ReadonlySet<number> = new Set([404, 409]);

/**
 * Does what Kubernetes' controllers and a node would do for the children of ModelDeployments, as far as the API goes: pods that are
 * ready at once, their EndpointSlice, the Deployment's status, and garbage collection. Nothing runs. Four requests a new model,
 * where the real ones make some twenty.
 */
export class StandInCluster {
  readonly #connection: ApiServerConnection;
  readonly #deployments = new Map<Key, V1Deployment>();
  /** ModelDeployments that there are: children of others are garbage. */
  readonly #owners = new Map<Key, string | undefined>();
  /** Keys whose owner or Deployment went, so that something may be left over. */
  readonly #leftOver = new Set<Key>();
  readonly #queue: WorkQueue<Key>;
  readonly #watches: RunningWatch[];

  constructor(connection: ApiServerConnection) {
    this.#connection = connection;
    this.#queue = new WorkQueue<Key>({ run: (key) => this.#tend(key), workers: 16, clock, backoffCapMs: 2_000 });
    this.#queue.start();
    const surroundings = { connection, clock, outages: { begin: () => {}, over: () => {} }, random: Math.random };
    this.#watches = [
      startWatch(
        {
          resource: RESOURCES.deployment,
          namespace: undefined,
          labelSelector: CHILD_SELECTOR,
          onChanged: (object) => this.#onDeployment(object),
          onRemoved: (object) => {
            this.#deployments.delete(keyOf(object));
            this.#cleanUp(keyOf(object));
          },
          onListed: (objects) => {
            const before = [...this.#deployments.keys()];
            this.#deployments.clear();
            for (const object of objects) this.#onDeployment(object);
            for (const key of before) if (!this.#deployments.has(key)) this.#cleanUp(key);
          },
        },
        surroundings,
      ),
      startWatch(
        {
          resource: RESOURCES.modelDeployment,
          namespace: undefined,
          labelSelector: undefined,
          onChanged: ({ metadata }) => this.#owners.set(keyOf({ metadata: metadata ?? {} }), metadata?.uid),
          onRemoved: (object) => {
            this.#owners.delete(keyOf(object));
            this.#cleanUp(keyOf(object));
          },
          onListed: (objects) => {
            const before = [...this.#owners.keys()];
            this.#owners.clear();
            for (const { metadata } of objects) this.#owners.set(keyOf({ metadata: metadata ?? {} }), metadata?.uid);
            // Also those that were made again meanwhile.
            for (const key of before) this.#cleanUp(key);
          },
        },
        surroundings,
      ),
    ];
  }

  /** Makes a namespace in which pods can be created. */
  async createNamespace(name: string): Promise<void> {
    await this.#send('POST', '/api/v1/namespaces', { metadata: { name } });
    await this.#send('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }

  /** Collects Services whose owner is gone; those beside a Deployment go with it anyway. */
  async sweepServices(): Promise<void> {
    const path = `${resourcePath(RESOURCES.service, undefined)}?labelSelector=${encodeURIComponent(CHILD_SELECTOR)}`;
    const { statusCode, body } = await this.#connection.request({ method: 'GET', path });
    if (statusCode !== 200) return;
    for (const service of (body as { items: V1Pod[] }).items) {
      const key = keyOf({ metadata: service.metadata ?? {} });
      if (ownerOf(service) !== this.#owners.get(key)) this.#cleanUp(key);
    }
  }

  /** Deployments that are there. */
  get deployments(): number {
    return this.#deployments.size;
  }

  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.stop();
    await this.#queue.drain();
  }

  #onDeployment(deployment: V1Deployment): void {
    const key = keyOf(deployment);
    this.#deployments.set(key, deployment);
    // Made by an operator that had not seen yet that its owner is gone.
    if (ownerOf(deployment) !== this.#owners.get(key)) this.#cleanUp(key);
    if (deployment.status?.observedGeneration !== deployment.metadata?.generation) this.#queue.add(key);
  }

  #cleanUp(key: Key): void {
    this.#leftOver.add(key);
    this.#queue.add(key);
  }

  async #tend(key: Key): Promise<Outcome> {
    if (this.#leftOver.delete(key)) {
      await this.#collect(key).catch((error: unknown) => {
        this.#leftOver.add(key);
        throw error;
      });
    }
    const deployment = this.#deployments.get(key);
    if (deployment && deployment.status?.observedGeneration !== deployment.metadata?.generation) {
      await this.#rollOut(key, deployment);
    }
    return DONE;
  }

  async #rollOut(key: Key, deployment: V1Deployment): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const pods = makePods(deployment);
    const before: V1Pod[] =
      deployment.status?.observedGeneration === undefined ? [] : await this.#podsOf(namespace, name);
    const known = new Set(before.map((pod) => pod.metadata?.name));
    for (const pod of pods) if (!known.has(pod.metadata?.name)) await this.#startPod(namespace, pod);
    await this.#send(
      'PATCH',
      `${resourcePath(RESOURCES.endpointSlice, namespace, name)}?fieldManager=stand-in&force=true`,
      makeEndpointSlice(deployment, pods),
      APPLY,
    );
    const wanted = new Set(pods.map((pod) => pod.metadata?.name));
    for (const { metadata } of before) {
      if (!wanted.has(metadata?.name)) await this.#delete(resourcePath(RESOURCES.pod, namespace, metadata?.name));
    }
    const path = `${resourcePath(RESOURCES.deployment, namespace, name)}/status`;
    await this.#send('PATCH', path, { status: statusOf(deployment, pods.length) }, MERGE);
  }

  async #startPod(namespace: string, pod: V1Pod): Promise<void> {
    await this.#send('POST', resourcePath(RESOURCES.pod, namespace), pod);
    const path = `${resourcePath(RESOURCES.pod, namespace, pod.metadata?.name)}/status`;
    await this.#send('PATCH', path, { status: readyStatus(pod) }, MERGE);
  }

  async #podsOf(namespace: string, instance: string): Promise<V1Pod[]> {
    const selector = encodeURIComponent(`${LABELS.instance}=${instance}`);
    const path = `${resourcePath(RESOURCES.pod, namespace)}?labelSelector=${selector}&resourceVersion=0`;
    const { statusCode, body } = await this.#connection.request({ method: 'GET', path });
    if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode}`);
    return (body as { items: V1Pod[] }).items;
  }

  /** What the garbage collector does when an owner is gone: deletes what names another one than there is now. */
  async #collect(key: Key): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const ownerPath = resourcePath(RESOURCES.modelDeployment, namespace, name);
    for (const kind of ['deployment', 'service', 'disruptionBudget', 'autoscaler'] as const) {
      const path = resourcePath(RESOURCES[kind], namespace, name);
      const { statusCode, body } = await this.#connection.request({ method: 'GET', path });
      // The owner is read after the child: another uid then means that the child's own is gone.
      if (statusCode === 200 && ownerOf(body as V1Pod) !== (await this.#liveUid(ownerPath))) await this.#delete(path);
    }
    const deployment = this.#deployments.get(key)?.metadata?.uid;
    for (const pod of await this.#podsOf(namespace, name)) {
      if (ownerOf(pod) !== deployment) await this.#delete(resourcePath(RESOURCES.pod, namespace, pod.metadata?.name));
    }
    if (deployment === undefined) await this.#delete(resourcePath(RESOURCES.endpointSlice, namespace, name));
  }

  /** Not from the watch, which may lag behind that of the children. */
  async #liveUid(path: string): Promise<string | undefined> {
    const { statusCode, body } = await this.#connection.request({ method: 'GET', path });
    if (statusCode === 404) return undefined;
    if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode}`);
    return (body as V1Pod).metadata?.uid;
  }

  async #delete(path: string): Promise<void> {
    await this.#send('DELETE', path, { gracePeriodSeconds: 0 });
  }

  async #send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object, contentType?: string): Promise<void> {
    const { statusCode, body: answer } = await this.#connection.request({ method, path, body, contentType });
    if (statusCode >= 300 && !ABSENT.has(statusCode)) {
      throw new Error(`${method} ${path}: ${statusCode} ${JSON.stringify(answer)}`);
    }
  }
}

function keyOf({ metadata }: { metadata?: { namespace?: string; name?: string } }): Key {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

function ownerOf({ metadata }: { metadata?: Pick<V1ObjectMeta, 'ownerReferences'> }): string | undefined {
  return metadata?.ownerReferences?.[0]?.uid;
}
