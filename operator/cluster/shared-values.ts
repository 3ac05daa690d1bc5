/** Entries before the table is emptied: values of objects that are gone must not stay for ever. */
const MAX_SHARED = 2_000;
const shared = new Map<string, unknown>();

/**
 * Values that thousands of objects have alike (probes, volumes, security settings) are in memory once. JSON only; what is returned is
 * frozen, as it belongs to many.
 */
export function share<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  const known = shared.get(text);
  if (known !== undefined) return known as T;
  if (shared.size >= MAX_SHARED) shared.clear();
  shared.set(text, freeze(value));
  return value;
}

/** Every value of a record, or item of a list, shared where it is like another's. In place. */
export function shareEach(values: object | undefined, except?: string): void {
  if (values === undefined) return;
  const fields = values as Record<string, unknown>;
  for (const name in fields) if (name !== except) fields[name] = share(fields[name]);
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner as object);
  return Object.freeze(value);
}
