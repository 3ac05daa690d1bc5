import type { V1Container, V1Deployment, V1DeploymentSpec, V1DeploymentStatus } from '@kubernetes/client-node';
import { LABELS } from '../../operator/api/labels.ts';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import type { Cluster } from './cluster.ts';

/** Value of `app.kubernetes.io/name` on the operator's own Deployment, as config/ and the chart make it. */
const OPERATOR_NAME = 'modeldeployment-operator';

/** An operator in the cluster, and the settings of it that end up in pods. */
export interface InstalledOperator {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly readyReplicas: number;
  /** undefined: the image's own default. */
  readonly runtimeImage: string | undefined;
  readonly storageEmulatorHost: string | undefined;
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
}

/** Operators that run as Deployments. @throws CommandError when they may not be listed */
export async function findOperators(cluster: Cluster): Promise<InstalledOperator[]> {
  const labels = `${LABELS.name}=${OPERATOR_NAME}`;
  const deployments = await cluster.list<V1Deployment>(RESOURCES.deployment, { namespace: undefined, labels });
  return deployments.map(asOperator);
}

function asOperator({ metadata = {}, spec, status }: V1Deployment): InstalledOperator {
  const container = operatorContainer(spec?.template.spec?.containers ?? []);
  const variable = (name: string) => container?.env?.find((entry) => entry.name === name)?.value || undefined;
  const { namespace = '', name = '' } = metadata;
  return {
    namespace,
    name,
    image: container?.image ?? '',
    ...replicasOf(spec, status),
    runtimeImage: variable('RUNTIME_IMAGE'),
    storageEmulatorHost: variable('STORAGE_EMULATOR_HOST'),
    watchNamespaces: (variable('WATCH_NAMESPACES') ?? '').split(',').filter((name) => name !== ''),
  };
}

function replicasOf(
  spec: V1DeploymentSpec | undefined,
  status: V1DeploymentStatus | undefined,
): Pick<InstalledOperator, 'replicas' | 'readyReplicas'> {
  return { replicas: spec?.replicas ?? 1, readyReplicas: status?.readyReplicas ?? 0 };
}

/** Others may have put containers beside it. */
function operatorContainer(containers: readonly V1Container[]): V1Container | undefined {
  return containers.find(({ name }) => name === 'operator') ?? containers[0];
}
