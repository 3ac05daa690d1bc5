import type { KubernetesObject } from '@kubernetes/client-node';

/** A difference between an object that should be and the one that is. */
export interface Drift {
  /** The field, as kubectl would spell it: `spec.template.spec.containers[runtime].image`. */
  readonly field: string;
  /** Everything below `field` as it should be, and as it is. */
  readonly desired: unknown;
  readonly live: unknown;
}

/**
 * Lists that server-side apply merges item by item, by the fields that tell items apart (`x-kubernetes-list-map-keys` of
 * the kinds the operator applies). Others may add items of their own; every other list is compared whole.
 */
const LIST_MAP_KEYS: Readonly<Record<string, readonly string[]>> = {
  ownerReferences: ['uid'],
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};
/** Ports have one key more, and it differs between containers and Services. */
const PORT_KEYS = ['containerPort', 'port'] as const;

/**
 * Finds the fields that `desired` sets and `live` has otherwise. Fields that only `live` has belong to others: defaults,
 * injected containers, annotations of tools.
 */
export function findDrift(desired: KubernetesObject, live: KubernetesObject): Iterable<Drift> {
  return compare(desired, live, '');
}

function* compare(desired: unknown, live: unknown, field: string): Generator<Drift> {
  if (desired === undefined || Object.is(desired, live)) return;
  if (Array.isArray(desired) && Array.isArray(live)) yield* compareLists(desired, live, field);
  else if (isRecord(desired) && isRecord(live)) yield* compareRecords(desired, live, field);
  else yield { field, desired, live };
}

function* compareRecords(
  desired: Readonly<Record<string, unknown>>,
  live: Readonly<Record<string, unknown>>,
  field: string,
): Generator<Drift> {
  for (const name in desired) yield* compare(desired[name], live[name], pathOf(field, name));
}

function* compareLists(desired: readonly unknown[], live: readonly unknown[], field: string): Generator<Drift> {
  const identify = itemIdentity(/[^.]*$/.exec(field)?.[0] ?? '');
  if (!identify && desired.length !== live.length) {
    yield { field, desired, live };
    return;
  }
  const liveItems = identify && new Map(live.map((item) => [identify(item), item]));
  for (const [index, item] of desired.entries()) {
    const id = identify?.(item);
    const liveItem = id === undefined ? live[index] : liveItems?.get(id);
    yield* compare(item, liveItem, `${field}[${id ?? index}]`);
  }
}

function itemIdentity(list: string): ((item: unknown) => string) | undefined {
  const keys = LIST_MAP_KEYS[list];
  if (keys) return (item) => keys.map((key) => text(item, key)).join('/');
  // TCP is what a port without a protocol has.
  if (list === 'ports') {
    return (item) => `${PORT_KEYS.map((key) => text(item, key)).join('')}/${text(item, 'protocol') || 'TCP'}`;
  }
  return undefined;
}

function text(item: unknown, key: string): string {
  const value = isRecord(item) ? item[key] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Keys with dots, as annotations and labels have them, go into brackets. */
function pathOf(field: string, name: string): string {
  if (/[./]/.test(name)) return `${field}[${name}]`;
  return field === '' ? name : `${field}.${name}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
