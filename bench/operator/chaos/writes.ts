import type { KubernetesObject } from '@kubernetes/client-node';
import { findDrift } from '../../../operator/drift.ts';
import { pathOf, type Bed } from '../bed.ts';
import type { Replica } from './replica.ts';

const KINDS = ['modelDeployment', 'deployment', 'service'] as const;
/** Plural, with the subresource cut off, as the audit log tells it -> kind. */
const KIND_OF: Readonly<Record<string, (typeof KINDS)[number]>> = {
  modeldeployments: 'modelDeployment',
  deployments: 'deployment',
  services: 'service',
};
const MAX_FIELDS = 4;

type Objects = ReadonlyMap<string, KubernetesObject>;

/** What the operators wrote while `work` ran, leases aside: one sentence each, with the fields that became others. */
export async function writesDuring(
  bed: Bed,
  replicas: readonly Replica[],
  work: () => Promise<unknown>,
): Promise<readonly string[]> {
  const before = await listAll(bed);
  const since = await bed.controlPlane.mark();
  await work();
  const requests = await bed.controlPlane.requests({ since, verb: ['create', 'update', 'patch', 'delete'] });
  const after = await listAll(bed);
  const users = new Set(replicas.map(({ user }) => user));
  return requests
    .filter(({ user, resource }) => users.has(user) && resource !== 'leases')
    .map(({ user, verb, resource = '', name = '', receivedAt }) => {
      const key = `${KIND_OF[resource.split('/')[0] ?? '']}/${name}`;
      return `${receivedAt.toISOString()} ${user}: ${verb} ${resource} ${name}${describeChange(before.get(key), after.get(key))}`;
    });
}

/** The fields that `after` has otherwise, as far as an operator writes them. */
export function describeChange(before: KubernetesObject | undefined, after: KubernetesObject | undefined): string {
  if (!before || !after) return '';
  const written = (object: KubernetesObject & { spec?: unknown; status?: unknown }): KubernetesObject =>
    ({ spec: object.spec, status: object.status }) as KubernetesObject;
  const changes = [...findDrift(written(after), written(before))].slice(0, MAX_FIELDS);
  return changes
    .map(({ field, desired, live }) => `; ${field}: ${JSON.stringify(live)} -> ${JSON.stringify(desired)}`)
    .join('');
}

async function listAll({ connection }: Bed): Promise<Objects> {
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      const { statusCode, body } = await connection.request({ method: 'GET', path: pathOf(kind), timeoutMs: 60_000 });
      if (statusCode !== 200) throw new Error(`list ${kind}: ${statusCode}`);
      const { items } = body as { items: KubernetesObject[] };
      return items.map((object) => [`${kind}/${object.metadata?.name}`, object] as const);
    }),
  );
  return new Map(lists.flat());
}
