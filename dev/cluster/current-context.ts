import { Kubectl } from '../kubectl.ts';
import type { Cluster } from './cluster.ts';
import { findKubectl } from './programs.ts';

/** The cluster that kubectl talks to now. It pulls its images itself, and it is never taken down. */
export class CurrentContext implements Cluster {
  readonly description = 'the current kubectl context';
  readonly kubeconfig = undefined;
  readonly isOurs = false;
  readonly pulls = true;

  async isUp(): Promise<boolean> {
    return true;
  }

  async up(): Promise<Kubectl> {
    const kubectl = new Kubectl(await findKubectl(), undefined);
    await kubectl.run(['get', '--raw', '/readyz']);
    return kubectl;
  }

  async load(): Promise<void> {}

  async enforceNetworkPolicies(): Promise<undefined> {}

  async down(): Promise<void> {}
}
