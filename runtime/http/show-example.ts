import { RequestError } from '../errors.ts';

/** Longest example that an error shows. */
const MAX_EXAMPLE_CHARACTERS = 1_000;

/**
 * Decodes a body; a refusal shows what the model takes, where that is short enough to read.
 * @param example JSON text of a body that would be taken
 * @throws RequestError as `decode` does
 */
export function decodeOrShow<T>(decode: () => T, example: string | undefined): T {
  try {
    return decode();
  } catch (cause) {
    const isShort = example !== undefined && example.length <= MAX_EXAMPLE_CHARACTERS;
    if (!isShort || !(cause instanceof RequestError)) throw cause;
    throw new RequestError(cause.code, cause.message, { cause, example });
  }
}
