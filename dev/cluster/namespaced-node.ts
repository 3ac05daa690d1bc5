import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { Kubectl } from '../kubectl.ts';
import type { SetDetail } from '../progress.ts';
import { ensureTools } from '../tools.ts';
import { exists } from '../tools/cache.ts';
import type { Cluster, Image } from './cluster.ts';

const PROGRAMS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'coredns',
  'pause',
] as const;

export interface NamespacedNodeOptions {
  /** Everything of the cluster lives there. */
  readonly directory: string;
  /** Take the cluster down when this process ends, however it ends. */
  readonly ownedByThisProcess?: boolean;
}

/** A single-node cluster whose node is a process tree in Linux namespaces: needs root, but no container engine. See up.sh. */
export class NamespacedNode implements Cluster {
  readonly description = 'a single-node cluster in Linux namespaces';
  readonly kubeconfig: string;
  readonly isOurs = true;
  readonly pulls = false;
  readonly #env: Record<string, string>;
  readonly #directory: string;

  constructor({ directory, ownedByThisProcess = false }: NamespacedNodeOptions) {
    this.#directory = directory;
    this.kubeconfig = join(directory, 'kubeconfig');
    this.#env = { CLUSTER_DIR: directory, CLUSTER_BIN: join(directory, 'bin') };
    // What is gone with this process anyway need not go to the disk.
    if (ownedByThisProcess) Object.assign(this.#env, { CLUSTER_OWNER_PID: String(process.pid), CLUSTER_TMPFS: '1' });
  }

  async isUp(): Promise<boolean> {
    return exists(join(this.#directory, 'state', 'up'));
  }

  async up(setDetail: SetDetail): Promise<Kubectl> {
    const paths = await ensureTools(PROGRAMS, { report: (line) => console.log(`    ${line}`) });
    await this.#linkPrograms(paths);
    await this.#script('up.sh', [], (line) => setDetail(line.replace(/^\s*[\d.]+ s /, '')));
    return new Kubectl(paths.kubectl, this.kubeconfig);
  }

  async load(images: readonly Image[]): Promise<void> {
    const known = new Set((await this.#script('on-node.sh', ['images'])).split('\n'));
    for (const { reference, archive } of images) {
      if (archive !== undefined && !known.has(reference)) await this.#script('on-node.sh', ['load', archive]);
    }
  }

  /** Its network does not by itself: an agent on the node does, for as long as it is wanted. */
  async enforceNetworkPolicies(): Promise<() => Promise<void>> {
    const { 'network-policies': program } = await ensureTools(['network-policies'], {
      report: (line) => console.log(`    ${line}`),
    });
    const agent = (verb: 'start' | 'stop') =>
      this.#script('on-node.sh', ['shell', 'bash', join(import.meta.dirname, 'policy-agent.sh'), verb, program]);
    await agent('start');
    return async () => {
      await agent('stop');
    };
  }

  /** Stops the API server in the middle of whatever it does, and lets it go on. */
  async signalApiServer(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    process.kill(Number(await readFile(join(this.#directory, 'state', 'pid', 'apiserver'), 'utf8')), signal);
  }

  async down(): Promise<void> {
    await this.#script('down.sh', []);
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** One folder of all programs: they find each other by PATH, and the Kubernetes ones act by the name they are called by. */
  async #linkPrograms(paths: Readonly<Record<string, string>>): Promise<void> {
    const bin = this.#env['CLUSTER_BIN']!;
    await mkdir(bin, { recursive: true });
    for (const [name, path] of Object.entries(paths)) {
      await rm(join(bin, name), { force: true });
      await symlink(path, join(bin, name));
    }
  }

  #script(name: string, args: readonly string[], setDetail: SetDetail = () => {}): Promise<string> {
    return run('bash', [join(import.meta.dirname, name), ...args], { env: this.#env, onLine: setDetail });
  }
}
