import { GROUP, PLURAL, VERSION as API_VERSION } from '../../operator/api/model-deployment.ts';
import { VERSION } from '../../runtime/version.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { CommandError } from '../exit-codes.ts';

/** What one look found. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
  /** What to type or do, when it is not ok. */
  readonly next?: string;
}

/** Reachable, and of which version. */
export async function checkApiServer(cluster: Cluster): Promise<Check> {
  const name = 'cluster';
  const where = `${cluster.server} (context ${cluster.contextName}, namespace ${cluster.namespace})`;
  try {
    const { statusCode, body } = await cluster.request({ method: 'GET', path: '/version', timeoutMs: 5_000 });
    const { gitVersion } = body as { gitVersion?: string };
    if (statusCode === 200) return { name, result: 'ok', text: `Kubernetes ${gitVersion} at ${where}` };
    return { name, result: 'failed', text: `${where} answers ${statusCode}`, next: 'kubectl cluster-info' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { name, result: 'failed', text: error.message, next: 'kubectl cluster-info' };
  }
}

/** Whether the API server knows ModelDeployments of the version that this program speaks. */
export async function checkDefinition(cluster: Cluster): Promise<Check> {
  const name = 'CRD';
  const { statusCode, body } = await cluster.request({ method: 'GET', path: `/apis/${GROUP}` });
  const versions = ((body as { versions?: { version: string }[] }).versions ?? []).map(({ version }) => version);
  if (statusCode === 404) {
    const text = `the cluster does not know ${PLURAL}.${GROUP}`;
    return { name, result: 'failed', text, next: 'kubectl apply -f install.yaml' };
  }
  if (statusCode !== 200) return { name, result: 'failed', text: `/apis/${GROUP} answers ${statusCode}` };
  const served = versions.join(', ');
  if (versions.includes(API_VERSION)) return { name, result: 'ok', text: `${PLURAL}.${GROUP}, served as ${served}` };
  const text = `${PLURAL}.${GROUP} is served as ${served || 'nothing'}; this program (${VERSION}) speaks ${API_VERSION}`;
  return { name, result: 'failed', text, next: 'install the version of the operator that belongs to this program' };
}

/** Running, watching this namespace, and of this program's version. */
export async function checkOperator(cluster: Cluster): Promise<Check> {
  const name = 'operator';
  let operators: InstalledOperator[];
  try {
    operators = await findOperators(cluster);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { name, result: 'skipped', text: error.message };
  }
  const [operator, ...others] = operators;
  if (!operator) {
    const text = 'no Deployment of an operator was found; one that runs elsewhere (npm run operator) would not be seen';
    return { name, result: 'warning', text, next: 'kubectl apply -f install.yaml' };
  }
  return judgeOperator(operator, others.length, cluster);
}

function judgeOperator(operator: InstalledOperator, others: number, { namespace }: Cluster): Check {
  const name = 'operator';
  const place = `${operator.namespace}/${operator.name} (${operator.image})`;
  const logs = `kubectl -n ${operator.namespace} logs deployment/${operator.name}`;
  if (operator.readyReplicas === 0) {
    const text = `${place} has no ready pod of ${operator.replicas}`;
    return {
      name,
      result: 'failed',
      text,
      next:
        operator.replicas === 0
          ? `kubectl -n ${operator.namespace} scale deployment/${operator.name} --replicas=1`
          : logs,
    };
  }
  if (operator.watchNamespaces.length > 0 && !operator.watchNamespaces.includes(namespace)) {
    const text = `${place} watches ${operator.watchNamespaces.join(', ')}, not ${namespace}`;
    return { name, result: 'failed', text, next: `add ${namespace} to WATCH_NAMESPACES of the operator` };
  }
  if (others > 0) {
    const text = `${place} runs, and ${others} more: two operators on the same objects undo each other's work`;
    return {
      name,
      result: 'warning',
      text,
      next: 'kubectl get deployments -A -l app.kubernetes.io/name=modeldeployment-operator',
    };
  }
  return judgeVersion(operator, place);
}

/** By the image's tag, where it is a version. */
function judgeVersion({ image }: InstalledOperator, place: string): Check {
  const tag = /:v?(\d+\.\d+\.\d+[^:/]*)$/.exec(image)?.[1];
  const isOther = tag !== undefined && tag !== VERSION;
  const text = isOther ? `${place} runs; this program is ${VERSION}` : `${place} runs`;
  return {
    name: 'operator',
    result: isOther ? 'warning' : 'ok',
    text,
    ...(isOther ? { next: `npx modeldeployment@${tag}` } : {}),
  };
}
