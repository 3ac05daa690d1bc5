import { invalidInput } from '../../errors.ts';

/** Header that tells how many bytes of the body are JSON; the rest are tensors. */
export const JSON_LENGTH_HEADER = 'Inference-Header-Content-Length';

/** What the headers of a V2 request say about its body. */
export interface BodyHeaders {
  /** Value of `Inference-Header-Content-Length`. */
  readonly jsonLength: string | undefined;
  readonly contentType: string | undefined;
}

/**
 * How many bytes at the start of a V2 body are JSON; undefined: all of them; 0: none, the body is the bare bytes of the one input.
 * Vertex AI passes no headers on, so Triton's clients write the number into the content type there:
 * `application/vnd.vertex-ai-triton.binary+json;json-header-size=<n>`.
 * @param bodyBytes length of the body, decompressed
 * @throws RequestError InvalidInput
 */
export function jsonLengthOf({ jsonLength, contentType }: BodyHeaders, bodyBytes: number): number | undefined {
  const vertex = /^\s*application\/vnd\.vertex-ai-triton\.binary\+json\s*;\s*json-header-size\s*=\s*([^;\s]*)/i;
  const inType = contentType === undefined ? undefined : vertex.exec(contentType)?.[1];
  const text = jsonLength?.trim() ?? inType;
  if (text === undefined) return undefined;
  const name = jsonLength === undefined ? 'json-header-size' : JSON_LENGTH_HEADER;
  if (!/^\d{1,15}$/.test(text)) {
    throw invalidInput(name, `expected the length of the JSON in bytes, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  const bytes = Number(text);
  if (bytes > bodyBytes) throw invalidInput(name, `says ${bytes} bytes of JSON, but the body has ${bodyBytes}`);
  return bytes;
}

/** The bytes after the JSON of a request: tensors, one after the other in the order of `inputs`. */
export class BinarySection {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get #left(): number {
    return this.#bytes.byteLength - this.#offset;
  }

  /**
   * The next `size` bytes; shares memory with the body.
   * @param path of `size`, for messages
   * @throws RequestError InvalidInput
   */
  take(size: number, path: string): Uint8Array {
    if (size > this.#left) throw invalidInput(path, `${size} bytes are announced, but only ${this.#left} are left`);
    this.#offset += size;
    return this.#bytes.subarray(this.#offset - size, this.#offset);
  }

  /** @throws RequestError InvalidInput when bytes are left that no input has claimed */
  requireEnd(): void {
    if (this.#left === 0) return;
    const hint = `check binary_data_size of each input and ${JSON_LENGTH_HEADER}`;
    throw invalidInput('body', `${this.#left} bytes after the JSON belong to no input; ${hint}`);
  }
}
