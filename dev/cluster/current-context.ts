import { Kubectl } from '../kubectl.ts';
import type { Cluster, Image } from './cluster.ts';
import { ClusterError } from './cluster.ts';
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

  async load(images: readonly Image[]): Promise<void> {
    const local = images.filter(({ archive }) => archive !== undefined).map(({ reference }) => reference);
    if (local.length === 0) return;
    throw new ClusterError(
      `CLUSTER=current: push the images (make images push REGISTRY=...) and set OPERATOR_IMAGE and RUNTIME_IMAGE to them, ` +
        `because the cluster cannot pull ${local.join(' and ')}`,
    );
  }

  async down(): Promise<void> {}
}
