import { GROUP, KIND, PLURAL, VERSION } from '../api/model-deployment.ts';

/** A kind as the API server's paths spell it. */
export interface Resource {
  /** Empty for core/v1. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/** Every kind the operator reads or writes. */
export const RESOURCES = {
  modelDeployment: { group: GROUP, version: VERSION, plural: PLURAL, kind: KIND },
  deployment: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' },
  service: { group: '', version: 'v1', plural: 'services', kind: 'Service' },
  autoscaler: {
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
  },
  disruptionBudget: { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  pod: { group: '', version: 'v1', plural: 'pods', kind: 'Pod' },
  endpointSlice: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice' },
  event: { group: '', version: 'v1', plural: 'events', kind: 'Event' },
  lease: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' },
} as const satisfies Record<string, Resource>;

const BY_KIND: ReadonlyMap<string, Resource> = new Map(
  Object.values(RESOURCES).map((resource) => [resource.kind, resource]),
);

/** @throws RangeError for a kind that is not in RESOURCES */
export function resourceOfKind(kind: string | undefined): Resource {
  const resource = BY_KIND.get(kind ?? '');
  if (!resource) throw new RangeError(`kind ${kind}: add it to RESOURCES`);
  return resource;
}

/** @throws RangeError for a collection that is not in RESOURCES */
export function resourceOfPlural({ group, version, plural }: Omit<Resource, 'kind'>): Resource {
  const resource = Object.values<Resource>(RESOURCES).find(
    (known) => known.plural === plural && known.group === group && known.version === version,
  );
  if (!resource) throw new RangeError(`${plural}.${version}.${group}: add it to RESOURCES`);
  return resource;
}

/** `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of a collection, of one namespace or of all; with a name, of one object. */
export function resourcePath(resource: Omit<Resource, 'kind'>, namespace: string | undefined, name?: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  const scope = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}/${apiVersionOf(resource)}${scope}/${resource.plural}${object}`;
}
