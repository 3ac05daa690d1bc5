import type { V1Deployment, V1Service } from '@kubernetes/client-node';
import type { ApiRequest } from '../../../dev/control-plane.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../../operator/api/labels.ts';
import { pathOf, type Bed } from '../bed.ts';

/** What is not as it should be, one sentence each; empty: all is well. */
export type Findings = readonly string[];

/** Compares every object with its spec and with storage. */
export async function checkObjects({ connection, store }: Bed, count: number): Promise<Findings> {
  const list = async <T>(kind: 'modelDeployment' | 'deployment' | 'service'): Promise<T[]> => {
    const { statusCode, body } = await connection.request({ method: 'GET', path: pathOf(kind), timeoutMs: 60_000 });
    if (statusCode !== 200) throw new Error(`list ${kind}: ${statusCode}`);
    return (body as { items: T[] }).items;
  };
  const models = await list<ModelDeployment>('modelDeployment');
  const deployments = byName(await list<V1Deployment>('deployment'));
  const services = byName(await list<V1Service>('service'));
  const names = new Set(models.map(({ metadata }) => metadata.name));
  const orphans = [...deployments.keys(), ...services.keys()].filter((name) => !names.has(name));
  return [
    ...orphans.map((name) => `${name}: children without a ModelDeployment`),
    ...models.flatMap((model) => {
      const { name } = model.metadata;
      const wanted = store.generation('models', `${name}/model.onnx`);
      return checkModel(model, { deployment: deployments.get(name), service: services.get(name), generation: wanted });
    }),
    ...(models.length > count ? [`${models.length} ModelDeployments, at most ${count} were made`] : []),
  ];
}

interface Live {
  readonly deployment: V1Deployment | undefined;
  readonly service: V1Service | undefined;
  /** In storage. */
  readonly generation: string | undefined;
}

function checkModel({ metadata, spec, status }: ModelDeployment, live: Live): string[] {
  const { deployment, service, generation } = live;
  const template = at(deployment, 'spec', 'template', 'metadata', 'annotations');
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isResolved = status?.conditions?.find(({ type }) => type === 'ModelResolved')?.status;
  const expectations: readonly (readonly [what: string, actual: unknown, wanted: unknown])[] = [
    ['owner of the Deployment', at(deployment, 'metadata', 'ownerReferences', 0, 'uid'), metadata.uid],
    ['owner of the Service', at(service, 'metadata', 'ownerReferences', 0, 'uid'), metadata.uid],
    ['replicas', at(deployment, 'spec', 'replicas'), spec.replicas],
    ['generation in the template', at(template, ANNOTATIONS.modelGeneration), generation],
    ['podAnnotations', at(template, 'example.com/edit'), at(spec, 'podAnnotations', 'example.com/edit')],
    ['port of the Service', at(service, 'spec', 'ports', 0, 'port'), spec.service.port],
    ['selector of the Service', at(service, 'spec', 'selector', 'example.com/wrong'), undefined],
    ['number of ports', at(service, 'spec', 'ports', 'length'), 2],
    ['observedGeneration', at(status, 'observedGeneration'), metadata.generation],
    ['status.model.generation', at(status, 'model', 'generation'), generation],
    // The operator has seen the last pod come and go.
    ['readyReplicas', at(status, 'readyReplicas'), spec.replicas],
    ['status.replicas', at(status, 'replicas'), spec.replicas],
    ['servingGeneration', at(status, 'model', 'servingGeneration'), spec.replicas === 0 ? undefined : generation],
    // After storage was away it is asked again within a poll interval.
    ['ModelResolved', isResolved, 'True'],
    ['Ready', `${ready?.status} ${ready?.reason}`, `True ${spec.replicas === 0 ? 'ScaledToZero' : 'Ready'}`],
  ];
  return expectations
    .filter(([, actual, wanted]) => actual !== wanted)
    .map(([what, actual, wanted]) => `${metadata.name}: ${what} is ${String(actual)}, should be ${String(wanted)}`);
}

/** A field deep inside; undefined where there is none. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((inner, name) => (inner as Record<string | number, unknown> | null | undefined)?.[name], value);
}

function byName<T extends { metadata?: { name?: string } }>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);

/** Writes by an operator while another held the lease: from that one's first successful write of the lease to its last. */
export function checkFencing(requests: readonly ApiRequest[]): Findings {
  const inOrder = [...requests].sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
  let holder: string | undefined;
  const findings: string[] = [];
  for (const { user, verb, resource, status = 0, receivedAt, name } of inOrder) {
    if (!WRITES.has(verb) || status >= 300) continue;
    if (resource === 'leases') holder = user;
    // Events say what was done before, and change nothing.
    else if (resource !== 'events' && user !== holder) {
      findings.push(`${receivedAt.toISOString()} ${user}: ${verb} ${resource} ${name} while ${holder} leads`);
    }
  }
  return findings;
}
