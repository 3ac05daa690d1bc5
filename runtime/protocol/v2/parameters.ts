import { invalidInput } from '../../errors.ts';
import { isObject, type JsonObject } from '../decoded-inputs.ts';
import { describeValue } from '../describe.ts';

/**
 * A `parameters` object; empty when absent or null. Parameters that this server does not know are ignored, as the protocol allows
 * (clients send `content_type`, `headers`, `priority`); those that would change what is sent or answered are refused.
 * @throws RequestError InvalidInput
 */
export function decodeParameters(value: unknown, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw invalidInput(path, `expected an object, got ${describeValue(value)}`);
  for (const [name, problem] of UNSUPPORTED) {
    if (Object.hasOwn(value, name)) throw invalidInput(`${path}.${name}`, problem);
  }
  return value;
}

const UNSUPPORTED: readonly (readonly [name: string, problem: string])[] = [
  ['shared_memory_region', 'shared memory is not served; send the tensor as binary data'],
  ['classification', 'is not served over V2; ask for topK at /v1/models/NAME:predict'],
];

/**
 * A parameter that is true, false, or absent.
 * @param path of the parameters, for messages; empty: the body
 * @throws RequestError InvalidInput
 */
export function decodeFlag(parameters: JsonObject, name: string, path: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') {
    const place = path === '' ? name : `${path}.${name}`;
    throw invalidInput(place, `expected true or false, got ${describeValue(value)}`);
  }
  return value;
}
