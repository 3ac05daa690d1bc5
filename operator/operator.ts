import dotI, { type ResourceEvent } from '@dot-i/k8s-operator';
import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import { CHILD_SELECTOR } from './api/labels.ts';
import { instanceKey, nameKey } from './cluster/cache.ts';
import type { Key } from './cluster/client.ts';
import type { ClusterCache } from './cluster/cluster-cache.ts';
import { RESOURCES, resourceOfPlural, type Resource } from './cluster/resources.ts';
import type { RunningWatch, WatchRequest } from './cluster/watch.ts';
import { isInShard, type Shard } from './shard.ts';

export interface ModelDeploymentOperatorOptions {
  readonly kubeConfig: KubeConfig;
  /** Where the watches put what they see. */
  readonly cache: ClusterCache;
  readonly startWatch: (request: WatchRequest) => RunningWatch;
  /** Something about this key may have changed. */
  readonly enqueue: (key: Key) => void;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly shard: Shard;
}

/** Where an object's key is: it has the ModelDeployment's name, or names it in its instance label. */
const BY_INSTANCE: ReadonlySet<string> = new Set([RESOURCES.pod.kind, RESOURCES.endpointSlice.kind]);

/** Watches everything that matters to a ModelDeployment, and turns every event into its key. */
export class ModelDeploymentOperator extends dotI.default {
  readonly #options: ModelDeploymentOperatorOptions;
  readonly #watches: RunningWatch[] = [];

  constructor(options: ModelDeploymentOperatorOptions) {
    super();
    this.kubeConfig = options.kubeConfig;
    this.#options = options;
  }

  /** Watches that have not delivered anything yet, or do not work now. */
  get failingWatches(): readonly string[] {
    return this.#watches.filter(({ isHealthy }) => !isHealthy).map(({ name }) => name);
  }

  /** For /readyz; undefined: every watch has delivered what there is, and works. */
  get notReadyBecause(): string | undefined {
    if (this.#watches.length === 0) return 'not started';
    const { failingWatches } = this;
    return failingWatches.length > 0 ? `not watching ${failingWatches.join(', ')}` : undefined;
  }

  /** Number of ModelDeployments. */
  get modelDeployments(): number {
    return this.#options.cache.modelDeployments.size;
  }

  /** Ends every watch. */
  override stop(): void {
    for (const watch of this.#watches.splice(0)) watch.stop();
  }

  /** Every watch, top to bottom. Resolves when each has delivered what there is, however long that takes. */
  protected override async init(): Promise<void> {
    const namespaces = this.#options.namespaces.length > 0 ? this.#options.namespaces : [undefined];
    for (const namespace of namespaces) {
      await this.#watch(RESOURCES.modelDeployment, namespace);
      await this.#watch(RESOURCES.deployment, namespace);
      await this.#watch(RESOURCES.service, namespace);
      await this.#watch(RESOURCES.autoscaler, namespace);
      await this.#watch(RESOURCES.disruptionBudget, namespace);
      await this.#watch(RESOURCES.pod, namespace);
      await this.#watch(RESOURCES.endpointSlice, namespace);
    }
    await Promise.all(this.#watches.map(({ whenListed }) => whenListed));
  }

  /**
   * Instead of the base class's watch, which ends the process at the first error: one that goes on, with a label
   * selector for everything that is not a ModelDeployment. The cache has the object before the event is told.
   */
  // oxlint-disable-next-line max-params -- the signature is the base class's
  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const resource = resourceOfPlural({ group, version, plural });
    const cache = this.#options.cache.ofKind(resource.kind);
    // What is another shard's is not even kept.
    const isOurs = (object: KubernetesObject): boolean => {
      const key = keyOf(resource, object);
      return key !== undefined && isInShard(key, this.#options.shard);
    };
    const tell = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): void => {
      const meta = dotI.ResourceMetaImpl.createWithPlural(plural, object);
      void onEvent({ meta, type: type as ResourceEvent['type'], object });
    };
    this.#watches.push(
      this.#options.startWatch({
        resource,
        namespace,
        labelSelector: resource.kind === RESOURCES.modelDeployment.kind ? undefined : CHILD_SELECTOR,
        onChanged: (object) => {
          if (isOurs(object) && cache.upsert(object)) tell('MODIFIED', object);
        },
        onRemoved: (object) => {
          if (!isOurs(object)) return;
          cache.remove(object);
          tell('DELETED', object);
        },
        onListed: (objects, resourceVersion) => {
          const changed = cache.replace(namespace ?? '', objects.filter(isOurs), resourceVersion);
          for (const object of changed) tell('MODIFIED', object);
        },
      }),
    );
  }

  #watch(resource: Resource, namespace: string | undefined): Promise<void> {
    const { group, version, plural } = resource;
    const onEvent = async ({ object }: ResourceEvent): Promise<void> => {
      const key = keyOf(resource, object);
      if (key !== undefined) this.#options.enqueue(key);
    };
    return this.watchResource(group, version, plural, onEvent, namespace);
  }
}

/** Key of the ModelDeployment that the object is or belongs to. */
function keyOf({ kind }: Resource, object: KubernetesObject): Key | undefined {
  return BY_INSTANCE.has(kind) ? instanceKey(object) : nameKey(object);
}
