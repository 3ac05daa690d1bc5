import { GROUP, PLURAL } from '../../operator/api/model-deployment.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Check } from './checks.ts';

interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Commands that need it. */
  readonly for: string;
}

/** What the commands of this program ask of the cluster. */
const RIGHTS: readonly Right[] = [
  { verb: 'list', group: GROUP, resource: PLURAL, for: 'status, why' },
  { verb: 'create', group: GROUP, resource: PLURAL, for: 'deploy' },
  { verb: 'patch', group: GROUP, resource: PLURAL, for: 'deploy, rollback' },
  { verb: 'get', group: 'apps', resource: 'deployments', for: 'why, diff, rollback' },
  { verb: 'list', group: '', resource: 'pods', for: 'why, logs, diff' },
  { verb: 'list', group: '', resource: 'events', for: 'why, deploy' },
  { verb: 'get', group: '', resource: 'pods', subresource: 'log', for: 'logs, why' },
  { verb: 'create', group: '', resource: 'services', subresource: 'proxy', for: 'predict' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', for: 'bench' },
];

/** Asks the API server what the person may do in this namespace. */
export async function checkPermissions(cluster: Cluster): Promise<Check> {
  const name = 'permissions';
  const answers = await Promise.all(RIGHTS.map((right) => isAllowed(cluster, right)));
  const missing = RIGHTS.filter((_, index) => answers[index] === false);
  if (answers.includes(undefined)) {
    return { name, result: 'skipped', text: 'the API server does not answer access reviews' };
  }
  if (missing.length === 0) return { name, result: 'ok', text: `everything the commands need in ${cluster.namespace}` };
  const list = missing.map((right) => `${right.verb} ${resourceOf(right)} (${right.for})`).join('; ');
  return {
    name,
    result: 'failed',
    text: `you may not, in ${cluster.namespace}: ${list}`,
    next: 'ask for the role edit in this namespace: it holds all of these',
  };
}

async function isAllowed(cluster: Cluster, right: Right): Promise<boolean | undefined> {
  const { verb, group, resource, subresource } = right;
  const resourceAttributes = { namespace: cluster.namespace, verb, group, resource, subresource };
  const { statusCode, body } = await cluster.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  });
  return statusCode === 201 ? (body as { status: { allowed: boolean } }).status.allowed : undefined;
}

function resourceOf({ resource, subresource }: Right): string {
  return subresource === undefined ? resource : `${resource}/${subresource}`;
}
