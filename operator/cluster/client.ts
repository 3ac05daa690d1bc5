import type { KubernetesObject } from '@kubernetes/client-node';

/** namespace/name of a ModelDeployment; the key of the work queue. */
export type Key = `${string}/${string}`;

/** What the reconciler may ask of a cluster. Reads come from informer caches and make no call; writes are one request each. */
export interface ClusterClient {
  /** Server-side apply, forced, as FIELD_MANAGER. @throws ConflictError | TransientError | TerminalError */
  apply<T extends KubernetesObject>(object: T): Promise<T>;
  /** Server-side apply of the status subresource. @throws as apply */
  applyStatus<T extends KubernetesObject>(object: T): Promise<T>;
  /** Deletes only that very object (uid precondition); one that is gone already is no error. @throws as apply */
  delete(object: KubernetesObject): Promise<void>;
  /** Records an event about the object; failure is logged, never thrown. */
  recordEvent(about: KubernetesObject, event: ClusterEvent): Promise<void>;
}

export interface ClusterEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}
