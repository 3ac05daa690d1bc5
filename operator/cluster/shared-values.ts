/** Entries before the table is emptied: values of objects that are gone must not stay for ever. */
const MAX_SHARED = 2_000;
const shared = new Map<string, unknown>();

/**
 * Values that thousands of objects have alike (probes, volumes, security settings) are in memory once. JSON only; what is returned is
 * frozen, as it belongs to many.
 */
export function share<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return shareAs(JSON.stringify(value), value, freeze);
}

/** The same for a long text. */
export function shareLongText(text: string): string {
  return shareAs(text, text);
}

function shareAs<T>(text: string, value: T, prepare: (value: T) => T = (same) => same): T {
  const known = shared.get(text);
  if (known !== undefined) return known as T;
  if (shared.size >= MAX_SHARED) shared.clear();
  shared.set(text, prepare(value));
  return value;
}

/** Values of a record, or items of a list, shared where they are like another's. In place. @param isMeant by name of the field; default all */
export function shareEach(values: object | undefined, isMeant: (field: string) => boolean = () => true): void {
  if (values === undefined) return;
  const fields = values as Record<string, unknown>;
  for (const name in fields) if (isMeant(name)) fields[name] = share(fields[name]);
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

/** A text of up to a hundred letters, the one of before where it was seen a moment ago. */
export function shareText(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) return text;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= MAX_TEXTS) texts.clear();
  texts.set(text, text);
  return text;
}

function freeze<T>(value: T): T {
  for (const inner of Object.values(value as object)) if (typeof inner === 'object' && inner !== null) freeze(inner);
  return Object.freeze(value);
}

/**
 * Puts values of an object before in the places where the next one has the same: most changes are of a status and a version. In place.
 * @returns the one before, where nothing has changed
 */
export function reuse<T>(next: T, before: unknown): T {
  if (next === before) return before as T;
  if (!isChangeable(next) || typeof before !== 'object' || before === null) return next;
  if (Array.isArray(next) !== Array.isArray(before)) return next;
  const [to, from] = [next as Record<string, unknown>, before as Readonly<Record<string, unknown>>];
  let added = 0;
  let isSame = true;
  for (const name in to) {
    const value = reuse(to[name], from[name]);
    to[name] = value;
    isSame &&= value === from[name];
    added += 1;
  }
  for (const _ in from) added -= 1;
  return isSame && added === 0 ? (before as T) : next;
}

function isChangeable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Object.isFrozen(value);
}
