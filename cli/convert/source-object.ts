/** Text, numbers, lists and objects, as YAML and JSON have them. */
export type Plain = unknown;
export type PlainObject = Readonly<Record<string, Plain>>;

/** A field that cannot be taken over, and why. */
export interface Refusal {
  readonly field: string;
  readonly reason: string;
}

/**
 * An object of another system while it is converted. Every field must be taken: as a value, with a note, or with a refusal. What
 * is left at the end is refused by name, so that nothing is lost without a word.
 */
export class SourceObject {
  readonly #rest: Record<string, Plain>;
  readonly #notes: string[] = [];
  readonly #refusals: Refusal[] = [];

  constructor(object: PlainObject) {
    this.#rest = structuredClone(object);
  }

  /** Takes the value at a dotted path; undefined when there is none. */
  take(path: string): Plain {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<Plain>((value, key) => (isObject(value) ? value[key] : undefined), this.#rest);
    if (!isObject(parent)) return undefined;
    const { [last]: value } = parent;
    delete (parent as Record<string, Plain>)[last];
    return value ?? undefined;
  }

  /** Whether there is still something at a path. */
  has(path: string): boolean {
    return (
      path.split('.').reduce<Plain>((value, key) => (isObject(value) ? value[key] : undefined), this.#rest) !==
      undefined
    );
  }

  /** Takes a text; anything else there is refused. */
  text(path: string): string | undefined {
    const value = this.take(path);
    if (value === undefined || typeof value === 'string') return value;
    this.refuse(path, 'is not text');
    return undefined;
  }

  /** Takes a whole number from 0; anything else there is refused. */
  integer(path: string): number | undefined {
    const value = this.take(path);
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (value === undefined || (Number.isInteger(number) && Number(number) >= 0)) return number as number | undefined;
    this.refuse(path, 'is not a whole number from 0');
    return undefined;
  }

  object(path: string): PlainObject | undefined {
    const value = this.take(path);
    if (value === undefined || isObject(value)) return value;
    this.refuse(path, 'is not an object');
    return undefined;
  }

  /** Takes what has no counterpart and needs none, silently. */
  ignore(...paths: readonly string[]): void {
    for (const path of paths) this.take(path);
  }

  /** Takes what is different here, with a note when it was there. */
  noteIfGiven(path: string, note: string): void {
    if (isGiven(this.take(path))) this.note(`${path}: ${note}`);
  }

  /** Takes what cannot be had here, with a refusal when it was there. */
  refuseIfGiven(path: string, reason: string): void {
    if (isGiven(this.take(path))) this.refuse(path, reason);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  refuse(field: string, reason: string): void {
    this.#refusals.push({ field, reason });
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Everything refused, and every field that nobody has taken. */
  finish(): readonly Refusal[] {
    const left = [...leaves(this.#rest, '')].map((field) => ({ field, reason: 'has no equivalent here' }));
    return [...this.#refusals, ...left];
  }
}

export function isObject(value: Plain): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isGiven(value: Plain): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== '' && value !== false;
}

function* leaves(value: Plain, path: string): Generator<string> {
  if (!isGiven(value)) return;
  if (!isObject(value)) yield path;
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, path === '' ? key : `${path}.${key}`);
}
