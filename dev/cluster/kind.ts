import { run } from '../command.ts';
import { Kubectl } from '../kubectl.ts';
import type { SetDetail } from '../progress.ts';
import type { Cluster, Image } from './cluster.ts';
import { findKubectl } from './programs.ts';

export interface KindOptions {
  /** Name of the kind cluster. */
  readonly name: string;
  /** Where its kubeconfig is written; the user's own is not touched. */
  readonly kubeconfig: string;
}

/** A cluster whose node is a Docker container, with the node image that the installed kind was released with. */
export class KindCluster implements Cluster {
  readonly description: string;
  readonly kubeconfig: string;
  readonly isOurs = true;
  readonly pulls = true;
  readonly #name: string;

  constructor({ name, kubeconfig }: KindOptions) {
    this.#name = name;
    this.kubeconfig = kubeconfig;
    this.description = `the kind cluster ${name}`;
  }

  async isUp(): Promise<boolean> {
    return (await run('kind', ['get', 'clusters'])).split('\n').includes(this.#name);
  }

  async up(setDetail: SetDetail): Promise<Kubectl> {
    const args = (await this.isUp())
      ? ['export', 'kubeconfig', '--name', this.#name, '--kubeconfig', this.kubeconfig]
      : ['create', 'cluster', '--name', this.#name, '--kubeconfig', this.kubeconfig, '--wait', '180s'];
    await run('kind', args, { onLine: setDetail });
    return new Kubectl(await findKubectl(), this.kubeconfig);
  }

  async load(images: readonly Image[]): Promise<void> {
    const known = await run('docker', [
      'exec',
      `${this.#name}-control-plane`,
      'ctr',
      '-n',
      'k8s.io',
      'images',
      'list',
      '-q',
    ]);
    for (const { reference, archive } of images) {
      if (archive === undefined || known.split('\n').includes(reference)) continue;
      await run('kind', ['load', 'image-archive', archive, '--name', this.#name]);
    }
  }

  /** kind's own network does, since kind 0.24. */
  async enforceNetworkPolicies(): Promise<() => Promise<void>> {
    return async () => {};
  }

  async down(): Promise<void> {
    await run('kind', ['delete', 'cluster', '--name', this.#name, '--kubeconfig', this.kubeconfig]);
  }
}
