import { invalidInput } from '../errors.ts';
import { quote } from './describe.ts';
import { nearestName } from './nearest-name.ts';

/** Objects of a request have a handful of keys. */
const MAX_KEYS_LOOKED_AT = 20;

/**
 * Refuses an object with a key that looks like a misspelt known one; others are ignored.
 * @param path of the object, for messages
 * @throws RequestError InvalidInput
 */
export function refuseMisspeltKeys(
  object: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
): void {
  for (const key of Object.keys(object).slice(0, MAX_KEYS_LOOKED_AT)) {
    const near = known.includes(key) ? undefined : nearestName(key, known);
    if (near !== undefined) throw invalidInput(path, `unknown key ${quote(key)}; did you mean ${quote(near)}?`);
  }
}
