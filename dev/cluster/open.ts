import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { chooseCluster } from './choose.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './cluster.ts';
import { CurrentContext } from './current-context.ts';
import { KindCluster } from './kind.ts';
import { NamespacedNode } from './namespaced-node.ts';
import { answers } from './programs.ts';

export interface OpenOptions {
  /** Clusters of different names live side by side. */
  readonly name: string;
  /** Take the cluster down when this process ends, where that can be had. */
  readonly ownedByThisProcess?: boolean;
}

/** The cluster this machine and the variable CLUSTER lead to; nothing is started yet. @throws ClusterError */
export async function openCluster({ name, ownedByThisProcess = false }: OpenOptions): Promise<Cluster> {
  const kind = chooseCluster({
    wanted: process.env['CLUSTER'],
    dockerAnswers: await answers('docker', ['info']),
    hasKind: await answers('kind', ['version']),
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
  });
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new ClusterError(`CLUSTER_NAME=${name}: expected letters, digits and "-"`);
  const directory = join(cacheDirectory(), 'clusters', name);
  if (kind === 'current') return new CurrentContext();
  if (kind === 'node') return new NamespacedNode({ directory, ownedByThisProcess });
  await mkdir(directory, { recursive: true });
  return new KindCluster({ name: `modeldeployment-${name}`, kubeconfig: join(directory, 'kubeconfig') });
}
