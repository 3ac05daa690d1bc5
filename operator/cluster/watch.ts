import {
  makeInformer,
  type Informer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
} from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import type { ApiServerConnection } from './connection.ts';
import type { OutageLog } from './outage-log.ts';
import { resourcePath, type Resource } from './resources.ts';
import { trim } from './trim.ts';

/** What is watched, and who is told. */
export interface WatchRequest {
  readonly resource: Resource;
  /** undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  /** An object appeared or changed. It is the receiver's. */
  readonly onChanged: (object: KubernetesObject) => void;
  /** An object is gone, or does not match the selector any more. */
  readonly onRemoved: (object: KubernetesObject) => void;
  /** A whole list was delivered by the calls above; watching goes on from there. */
  readonly onListed: (resourceVersion: string) => void;
}

/** A watch that runs until it is stopped, whatever the API server does. */
export interface RunningWatch {
  /** `apps/deployments`, with the namespace in front where it is only one. */
  readonly name: string;
  /** Listed at least once, and not failing now. */
  readonly isHealthy: boolean;
  /** Resolves after the first list was delivered. */
  readonly whenListed: Promise<void>;
  stop(): Promise<void>;
}

export interface WatchSurroundings {
  readonly kubeConfig: KubeConfig;
  readonly connection: ApiServerConnection;
  readonly clock: Clock;
  readonly outages: OutageLog;
  /** In [0, 1). */
  readonly random: () => number;
}

const LIST_TIMEOUT_MS = 60_000;
const RESTART_BASE_MS = 500;
const RESTART_CAP_MS = 5_000;

/** An answer other than 200, in the shape in which client-node's informers expect it. */
class ListError extends Error {
  override readonly name = 'ListError';
  readonly statusCode: number;
  constructor(statusCode: number, path: string) {
    super(`list ${path}: HTTP ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/**
 * Lists and watches one kind. The informer reconnects by itself when the API server ends a watch and after 30 s without a
 * word; what it takes for an error is retried here with backoff, with a new list unless only the network failed.
 */
export function startWatch(request: WatchRequest, surroundings: WatchSurroundings): RunningWatch {
  return new ResilientInformer(request, surroundings);
}

class ResilientInformer implements RunningWatch {
  readonly name: string;
  readonly #request: WatchRequest;
  readonly #surroundings: WatchSurroundings;
  readonly #informer: Informer<KubernetesObject>;
  readonly #listed = Promise.withResolvers<void>();
  #isListed = false;
  #failuresInARow = 0;
  #isStopped = false;
  #cancelRestart: () => void = () => {};

  constructor(request: WatchRequest, surroundings: WatchSurroundings) {
    const { resource, namespace, labelSelector } = request;
    this.name = [namespace, resource.group, resource.plural].filter(Boolean).join('/');
    this.#request = request;
    this.#surroundings = surroundings;
    const path = resourcePath(resource, namespace);
    this.#informer = makeInformer(
      tolerateMissingCredentials(surroundings.kubeConfig),
      path,
      () => this.#list(path),
      labelSelector,
    );
    // Level-based: additions and changes are the same thing.
    for (const verb of ['add', 'update'] as const) {
      this.#informer.on(verb, (object) => {
        trim(object, resource);
        request.onChanged(object);
      });
    }
    this.#informer.on('delete', (object) => {
      trim(object, resource);
      request.onRemoved(object);
    });
    this.#informer.on('error', (error: unknown) => this.#onError(error));
    void this.#start();
  }

  get isHealthy(): boolean {
    return this.#isListed && this.#failuresInARow === 0;
  }

  get whenListed(): Promise<void> {
    return this.#listed.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    await this.#informer.stop();
  }

  async #start(): Promise<void> {
    const failuresBefore = this.#failuresInARow;
    try {
      await this.#informer.start();
    } catch (error) {
      this.#onError(error);
    }
    if (this.#failuresInARow === failuresBefore) this.#onConnected();
  }

  async #list(path: string): Promise<KubernetesListObject<KubernetesObject>> {
    const { labelSelector, onListed } = this.#request;
    const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { statusCode, body } = await this.#surroundings.connection.request({
      method: 'GET',
      path: `${path}${query}`,
      timeoutMs: LIST_TIMEOUT_MS,
    });
    if (statusCode !== 200) throw new ListError(statusCode, path);
    const list = body as KubernetesListObject<KubernetesObject>;
    // The informer takes the list over as soon as this promise resolves, before timers and input have their turn.
    setImmediate(() => {
      onListed(list.metadata?.resourceVersion ?? '0');
      this.#isListed = true;
      this.#listed.resolve();
    });
    return list;
  }

  #onConnected(): void {
    this.#failuresInARow = 0;
    this.#surroundings.outages.over(this.name);
  }

  #onError(error: unknown): void {
    if (this.#isStopped) return;
    this.#failuresInARow += 1;
    const statusCode = statusCodeOf(error);
    this.#surroundings.outages.begin(this.name, { statusCode, error });
    // The API server answered, so what the watch asked for is wrong, perhaps a resource version of before a restore: list again.
    if (statusCode !== undefined) forgetResourceVersion(this.#informer);
    const fullMs = Math.min(RESTART_CAP_MS, RESTART_BASE_MS * 2 ** (this.#failuresInARow - 1));
    const delayMs = fullMs * (0.5 + 0.5 * this.#surroundings.random());
    this.#cancelRestart();
    this.#cancelRestart = this.#surroundings.clock.after(delayMs, () => void this.#start());
  }
}

function statusCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/** The next start of the informer lists again. The field is private in its types, and there is no other way. */
function forgetResourceVersion(informer: Informer<KubernetesObject>): void {
  (informer as unknown as { resourceVersion: string }).resourceVersion = '';
}

/**
 * A kubeconfig that goes on without credentials where it cannot get any now. client-node's informer does not catch that
 * failure when it reconnects by itself, and the process would end; so the API server answers 401 and the watch is retried.
 */
function tolerateMissingCredentials(kubeConfig: KubeConfig): KubeConfig {
  const tolerant = Object.create(kubeConfig) as KubeConfig;
  tolerant.applySecurityAuthentication = async (context) => {
    try {
      await kubeConfig.applySecurityAuthentication(context);
    } catch {
      // The direct requests of the same kubeconfig fail with the reason.
    }
  };
  return tolerant;
}
