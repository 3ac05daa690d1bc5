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

/** Names and identifiers; longer texts are seldom alike. */
const MAX_TEXT_LENGTH = 100;
/** As above: most of the table is names that no other object has. What all have comes back at once. */
const MAX_TEXTS = 4_000;
const texts = new Map<string, string>();

/**
 * Texts that are alike in an object and in those that came shortly before (times, names, kinds, reasons) are in memory once: JSON makes a copy for
 * each place. In place; parts that are shared are left.
 */
export function shareTexts(value: object): void {
  const fields = value as Record<string, unknown>;
  for (const name in fields) {
    const field = fields[name];
    if (typeof field === 'string') fields[name] = shareText(field);
    else if (typeof field === 'object' && field !== null && !Object.isFrozen(field)) shareTexts(field);
  }
}

function shareText(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) return text;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= MAX_TEXTS) texts.clear();
  texts.set(text, text);
  return text;
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner as object);
  return Object.freeze(value);
}
