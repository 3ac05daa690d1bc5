import { KubeConfig } from '@kubernetes/client-node';
import { ApiServerConnection, poolConnections } from '../../operator/cluster/connection.ts';
import { CommandError } from '../exit-codes.ts';
import type { FlagValues } from '../parse-arguments.ts';
import { Cluster } from './cluster.ts';

/** Where client-node goes when it finds no configuration at all. */
const NO_CONFIGURATION = 'http://localhost:8080';
const DEFAULT_NAMESPACE = 'default';

/**
 * The cluster that --kubeconfig, --context and --namespace name; by default kubectl's: KUBECONFIG, else ~/.kube/config, else
 * the service account of the pod. Nothing is asked of it yet.
 * @throws CommandError
 */
export function connect(flags: FlagValues): Cluster {
  const kubeConfig = readKubeConfig(flags.text('kubeconfig'));
  const context = flags.text('context');
  if (context !== undefined) selectContext(kubeConfig, context);
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new CommandError('the kubeconfig has no current context', {
      next: ['kubectl config get-contexts', 'kubectl config use-context NAME'],
    });
  }
  if (server === NO_CONFIGURATION) {
    throw new CommandError('there is no kubeconfig: set KUBECONFIG, or put one into ~/.kube/config', {
      next: ['kubectl config get-contexts'],
    });
  }
  const contextName = kubeConfig.getCurrentContext();
  const chosen = kubeConfig.getContextObject(contextName)?.namespace;
  return new Cluster({
    connection: new ApiServerConnection(poolConnections(kubeConfig)),
    kubeConfig,
    contextName,
    server,
    namespace: flags.text('namespace') ?? chosen ?? DEFAULT_NAMESPACE,
    kubectlFlags: kubectlFlags(flags),
  });
}

function readKubeConfig(file: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(file);
  } catch (cause) {
    const name = file ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    throw new CommandError(`the kubeconfig ${name} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return kubeConfig;
}

function selectContext(kubeConfig: KubeConfig, context: string): void {
  const names = kubeConfig.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    throw new CommandError(`the kubeconfig has no context "${context}"; it has: ${names.join(', ') || 'none'}`);
  }
  kubeConfig.setCurrentContext(context);
}

/** What kubectl and this program have to be given to reach the same cluster and namespace: for commands that are printed. */
function kubectlFlags(flags: FlagValues): string {
  return ['kubeconfig', 'context', 'namespace']
    .map((name) => [name, flags.text(name)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (name === 'namespace' ? ` -n ${value}` : ` --${name} ${value}`))
    .join('');
}
