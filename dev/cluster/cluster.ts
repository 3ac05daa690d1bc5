import type { SetDetail } from '../progress.ts';
import type { Kubectl } from '../kubectl.ts';

/** An image a cluster can be given. */
export interface Image {
  /** What a pod names it by. */
  readonly reference: string;
  /** Docker archive of it on disk; undefined: the cluster pulls it from its registry. */
  readonly archive: string | undefined;
}

/** A Kubernetes cluster with real nodes, for the demo and the end-to-end tests. */
export interface Cluster {
  readonly description: string;
  /** File for KUBECONFIG; undefined: the user's own configuration and current context. */
  readonly kubeconfig: string | undefined;
  /** Whether the whole cluster is ours; else only what was installed may be removed. */
  readonly isOurs: boolean;
  /** Whether its nodes pull images that are published on Docker Hub. */
  readonly pulls: boolean;
  /** Whether it is there already. */
  isUp(): Promise<boolean>;
  /** Brings it up, or finds it up. @throws CommandError, ClusterError */
  up(setDetail: SetDetail): Promise<Kubectl>;
  /** Makes images known to the nodes, where these are ours; those that are known already cost nothing. */
  load(images: readonly Image[]): Promise<void>;
  /**
   * Makes its network enforce NetworkPolicies.
   * @returns what ends that, where it did not before; undefined: whether it does is not known
   */
  enforceNetworkPolicies(): Promise<(() => Promise<void>) | undefined>;
  /** Removes it with everything in it; does nothing when it is not there, or not ours. */
  down(): Promise<void>;
}

/** No cluster can be had; the message says what the person at the keyboard can do. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
