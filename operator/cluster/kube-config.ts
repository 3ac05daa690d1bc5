import { KubeConfig } from '@kubernetes/client-node';
import { poolConnections } from './connection.ts';

/**
 * The kubeconfig of the environment: KUBECONFIG, else ~/.kube/config, else the service account of the pod.
 * @throws Error when KUBECONFIG names a file that cannot be read, or the file names no cluster
 */
export function loadKubeConfig(): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  if (!kubeConfig.getCurrentCluster()) throw new Error('the kubeconfig names no current cluster; check its context');
  return poolConnections(kubeConfig);
}
