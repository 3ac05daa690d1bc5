/**
 * Lists that server-side apply merges item by item, by the fields that tell items apart (`x-kubernetes-list-map-keys` of
 * the kinds the operator applies). Others may add items of their own; every other list is one value.
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
/** Ports of containers and of Services, which have the protocol besides. */
const PORT_KEYS = ['containerPort', 'port'] as const;

/** Maps that server-side apply takes as one value (`x-kubernetes-map-type: atomic`): nobody else may add a key. */
const ATOMIC_MAPS: ReadonlySet<string> = new Set(['selector', 'nodeSelector']);

/** Whether the map of that name is one value; every other map is merged key by key. */
export function isAtomicMap(name: string): boolean {
  return ATOMIC_MAPS.has(name);
}

/** What tells items of the list of that name apart; undefined: the list is one value. */
export function itemIdentity(list: string): ((item: unknown) => string) | undefined {
  const keys = LIST_MAP_KEYS[list];
  if (keys) return (item) => keys.map((key) => text(item, key)).join('/');
  // TCP is what a port without a protocol has.
  if (list === 'ports') {
    return (item) => `${PORT_KEYS.map((key) => text(item, key)).join('')}/${text(item, 'protocol') || 'TCP'}`;
  }
  return undefined;
}

/** Text or number of an item's field; empty where it has none. */
export function text(item: unknown, key: string): string {
  const value = isRecord(item) ? item[key] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** An object with fields, not a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
