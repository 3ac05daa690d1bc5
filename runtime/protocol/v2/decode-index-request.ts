import { invalidInput } from '../../errors.ts';
import { isObject } from '../decoded-inputs.ts';
import { describeValue } from '../describe.ts';
import { parseJson } from '../parse-json.ts';
import { decodeFlag } from './parameters.ts';

/**
 * The body of `POST /v2/repository/index`: nothing, or `{"ready": true}` for only those models that are ready.
 * @throws RequestError InvalidInput
 */
export function decodeIndexRequest(body: Uint8Array): { readonly readyOnly: boolean } {
  if (body.byteLength === 0) return { readyOnly: false };
  const { value } = parseJson(body);
  if (!isObject(value)) throw invalidInput('body', `expected an object, got ${describeValue(value)}`);
  return { readyOnly: decodeFlag(value, 'ready', '') ?? false };
}
