import type { KubernetesObject } from '@kubernetes/client-node';

/** namespace/name of a ModelDeployment; the key of the work queue. */
export type Key = `${string}/${string}`;

/** What must hold for an apply to be done; the API server checks it in the same transaction. */
export type Precondition =
  /** No object of that name exists. */
  | { readonly absent: true }
  /** The object of that name is this very one. */
  | { readonly uid: string };

/** What the reconciler may write to a cluster: one request a call. Reads come from the informers' cache (observe.ts). */
export interface ClusterClient {
  /**
   * Server-side apply, forced, as FIELD_MANAGER; answers with the object as it is then.
   * @throws ConflictError (also when the precondition does not hold) | TransientError | TerminalError
   */
  apply<T extends KubernetesObject>(object: T, precondition: Precondition): Promise<T>;
  /** Server-side apply of the status subresource of the object with that uid. @throws as apply */
  applyStatus<T extends KubernetesObject>(object: T): Promise<T>;
  /** JSON patch of that very object as it was read. @throws as apply; ConflictError when it was written since */
  patch(object: KubernetesObject, operations: readonly object[]): Promise<void>;
  /** Reads past the cache. undefined: there is none. @throws TransientError | TerminalError */
  read<T extends KubernetesObject>(object: T): Promise<T | undefined>;
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
