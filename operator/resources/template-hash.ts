import { createHash } from 'node:crypto';

/** Hexadecimal digits of a hash: 64 bits, ample for the few templates one Deployment ever has. */
const HASH_DIGITS = 16;

/** Hash of a value's JSON, the same whatever the order of keys. */
export function templateHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, HASH_DIGITS);
}

/** Runs over every child in every pass: no more strings and lists than the result takes. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let text = '';
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
