import type { KubernetesObject } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import type { ApiServerConnection } from './connection.ts';
import type { OutageLog } from './outage-log.ts';
import type { Resource } from './resources.ts';
import { shareParts } from './share-parts.ts';
import { trim } from './trim.ts';
import { openList, openWatch, WatchError, type WatchEvent, type WatchStream } from './watch-stream.ts';

/** What is watched, and who is told. Objects are the receiver's, and trimmed. */
export interface WatchRequest {
  readonly resource: Resource;
  /** undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  /** An object appeared or changed. */
  readonly onChanged: (object: KubernetesObject) => void;
  /** An object is gone, or does not match the selector any more. */
  readonly onRemoved: (object: KubernetesObject) => void;
  /** These are all objects there are; watching goes on from there. */
  readonly onListed: (objects: readonly KubernetesObject[], resourceVersion: string) => void;
}

/** A watch that runs until it is stopped, whatever the API server does. */
export interface RunningWatch {
  /** `apps/deployments`, with the namespace in front where it is only one. */
  readonly name: string;
  /** Listed at least once, and not failing now. */
  readonly isHealthy: boolean;
  /** Resolves after the first list was delivered. */
  readonly whenListed: Promise<void>;
  stop(): void;
}

export interface WatchSurroundings {
  readonly connection: Pick<ApiServerConnection, 'open'>;
  readonly clock: Clock;
  readonly outages: Pick<OutageLog, 'begin' | 'over'>;
  /** In [0, 1). */
  readonly random: () => number;
  /**
   * Milliseconds without a word after which a watch counts as dead, though its connection is open; default 75 s, because the
   * API server sends a bookmark every minute.
   */
  readonly silenceMs?: number;
}

const SILENCE_MS = 75_000;
const RESTART_BASE_MS = 500;
const RESTART_CAP_MS = 5_000;
/** A watch that ends earlier without having told anything is a failure: an API server that is shutting down does that. */
const SHORTEST_WATCH_MS = 1_000;

/**
 * Lists and watches one kind: one streaming request where the API server has that (WatchList, Kubernetes 1.32 and newer), a
 * list in pages and a watch elsewhere. When it breaks off it goes on where it was, and lists again only when the API server
 * does not remember that any more. A watch whose connection is open but silent is given up.
 */
export function startWatch(request: WatchRequest, surroundings: WatchSurroundings): RunningWatch {
  const watch = new ResilientWatch(request, surroundings);
  void watch.run();
  return watch;
}

class ResilientWatch implements RunningWatch {
  readonly name: string;
  readonly #request: WatchRequest;
  readonly #surroundings: WatchSurroundings;
  readonly #listed = Promise.withResolvers<void>();
  /** How far it has come; undefined: it must list. */
  #resourceVersion: string | undefined;
  #isListed = false;
  #canStreamLists = true;
  #failuresInARow = 0;
  #isStopped = false;
  #stream: WatchStream | undefined;
  #endDelay: () => void = () => {};

  constructor(request: WatchRequest, surroundings: WatchSurroundings) {
    const { resource, namespace } = request;
    this.name = [namespace, resource.group, resource.plural].filter(Boolean).join('/');
    this.#request = request;
    this.#surroundings = surroundings;
  }

  get isHealthy(): boolean {
    return this.#isListed && this.#failuresInARow === 0;
  }

  get whenListed(): Promise<void> {
    return this.#listed.promise;
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.close();
    this.#endDelay();
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#resourceVersion === undefined && !this.#canStreamLists) await this.#list();
        await this.#watch(this.#resourceVersion);
      } catch (error) {
        if (this.#isStopped) return;
        await this.#afterFailure(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { connection } = this.#surroundings;
    const objects: KubernetesObject[] = [];
    const resourceVersion = await openList(this.#request, connection, (object) =>
      objects.push(this.#trimmedNew(object)),
    );
    this.#takeOver(objects, resourceVersion);
  }

  /** Resolves when the API server ends the watch in good order, as it does every few minutes. */
  async #watch(resourceVersion: string | undefined): Promise<void> {
    const { connection, clock, random, silenceMs = SILENCE_MS } = this.#surroundings;
    const startedAt = clock.elapsed();
    const stream = await openWatch(this.#request, { connection, resourceVersion, random, silenceMs });
    this.#stream = stream;
    this.#onConnected();
    if (this.#isStopped) return stream.close();
    /** What there is, until all of it has come. */
    let listing: Map<string, KubernetesObject> | undefined = resourceVersion === undefined ? new Map() : undefined;
    const events = await stream.read((event) => {
      if (listing) listing = this.#gather(listing, event);
      else this.#onEvent(event);
    });
    if (events === 0 && clock.elapsed() - startedAt < SHORTEST_WATCH_MS) {
      throw new WatchError(`watch ${this.name}: ended at once`, undefined);
    }
  }

  /** @returns undefined once all has come and was handed on at once, so that nobody sees half of it */
  #gather(listing: Map<string, KubernetesObject>, event: WatchEvent): Map<string, KubernetesObject> | undefined {
    const { type, object, isEndOfList } = event;
    if (isEndOfList) {
      this.#takeOver([...listing.values()], object.metadata?.resourceVersion ?? '0');
      return undefined;
    }
    const key = `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
    if (type === 'DELETED') listing.delete(key);
    else if (type !== 'BOOKMARK') listing.set(key, this.#trimmedNew(object));
    return listing;
  }

  #onEvent({ type, object }: WatchEvent): void {
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#request.onRemoved(this.#trimmed(object));
    else this.#request.onChanged(type === 'ADDED' ? this.#trimmedNew(object) : this.#trimmed(object));
  }

  #takeOver(objects: readonly KubernetesObject[], resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    this.#request.onListed(objects, resourceVersion);
    this.#isListed = true;
    this.#listed.resolve();
  }

  #trimmed(object: KubernetesObject): KubernetesObject {
    trim(object, this.#request.resource);
    return object;
  }

  /** A change shares its parts with what was there before (ResourceCache). */
  #trimmedNew(object: KubernetesObject): KubernetesObject {
    shareParts(this.#trimmed(object));
    return object;
  }

  #onConnected(): void {
    this.#failuresInARow = 0;
    this.#surroundings.outages.over(this.name);
  }

  async #afterFailure(error: unknown): Promise<void> {
    const statusCode = error instanceof WatchError ? error.statusCode : undefined;
    const isStreamedList = this.#resourceVersion === undefined && this.#canStreamLists;
    if (isStreamedList && (statusCode === 400 || statusCode === 422)) {
      // An API server that does not know streaming lists says so.
      this.#canStreamLists = false;
      return;
    }
    if (statusCode !== undefined && !KEEPS_PLACE.has(statusCode)) this.#resourceVersion = undefined;
    if (statusCode === 410) return;
    this.#failuresInARow += 1;
    this.#surroundings.outages.begin(this.name, { statusCode, error });
    const fullMs = Math.min(RESTART_CAP_MS, RESTART_BASE_MS * 2 ** (this.#failuresInARow - 1));
    const retryAfterMs = error instanceof WatchError ? (error.retryAfterMs ?? 0) : 0;
    await this.#delay(retryAfterMs + fullMs * (0.5 + 0.5 * this.#surroundings.random()));
  }

  async #delay(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#surroundings.clock.after(delayMs, resolve);
    this.#endDelay = () => {
      cancel();
      resolve();
    };
    await promise;
  }
}

/**
 * Refusals that say nothing about the place in the stream: no right, too many requests, a server in trouble. After any other
 * one, among them 410 (too old) and 504 (newer than what the server has: etcd came back from a backup), it is given up.
 */
const KEEPS_PLACE: ReadonlySet<number> = new Set([401, 403, 429, 500, 502, 503]);
