import { invalidInput } from '../errors.ts';
import { listNames, quote } from './describe.ts';
import { nearestName } from './nearest-name.ts';

/**
 * Adds one more name to the outputs that a request asks for.
 * @param known names of the model's outputs
 * @param path of the name in the request, for messages
 * @throws RequestError InvalidInput: an unknown output, or one asked for twice
 */
export function addOutputName(name: string, wanted: Set<string>, known: readonly string[], path: string): void {
  if (!known.includes(name)) {
    const near = nearestName(name, known);
    const hint = near === undefined ? `the model has ${listNames(known)}` : `did you mean ${quote(near)}?`;
    throw invalidInput(path, `unknown output ${quote(name)}; ${hint}`);
  }
  if (wanted.has(name)) throw invalidInput(path, `${quote(name)} is asked for twice`);
  wanted.add(name);
}
