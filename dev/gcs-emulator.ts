import { createHash } from 'node:crypto';

/** Port of the emulator's Service in config/emulator. */
export const EMULATOR_PORT = 4443;
export const EMULATOR_NAMESPACE = 'gcs-emulator';
/** What the operator and the pods reach it by. */
export const EMULATOR_HOST = `http://gcs.${EMULATOR_NAMESPACE}.svc.cluster.local:${EMULATOR_PORT}`;

interface ObjectMetadata {
  readonly generation: string;
  /** Base64. */
  readonly md5Hash: string;
}

/** Puts objects into fake-gcs-server by the JSON API. */
export class GcsEmulator {
  readonly #url: string;

  /** @param url `http://host:port` as seen from this process */
  constructor(url: string) {
    this.#url = url;
  }

  /** Makes the bucket unless it is there. @param versioning whether objects that were overwritten stay readable by their generation */
  async createBucket(name: string, { versioning = false }: { versioning?: boolean } = {}): Promise<void> {
    const response = await fetch(`${this.#url}/storage/v1/b?project=demo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, versioning: { enabled: versioning } }),
    });
    if (response.status !== 409) await this.#json(response, `create bucket ${name}`);
  }

  /**
   * Writes an object; one that has these bytes already is left alone, so that it keeps its generation.
   * @param contentEncoding such as `gzip`, when the bytes are compressed
   * @returns its generation
   */
  async upload(
    bucket: string,
    object: string,
    bytes: Uint8Array<ArrayBuffer>,
    contentEncoding?: string,
  ): Promise<string> {
    const present = await fetch(`${this.#url}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`);
    if (present.ok) {
      const { generation, md5Hash } = (await present.json()) as ObjectMetadata;
      if (md5Hash === createHash('md5').update(bytes).digest('base64')) return generation;
    } else await present.body?.cancel();
    const encoding = contentEncoding === undefined ? {} : { contentEncoding };
    const query = new URLSearchParams({ uploadType: 'media', name: object, ...encoding });
    const response = await fetch(`${this.#url}/upload/storage/v1/b/${bucket}/o?${query.toString()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    return ((await this.#json(response, `upload gs://${bucket}/${object}`)) as ObjectMetadata).generation;
  }

  async #json(response: Response, what: string): Promise<unknown> {
    const text = await response.text();
    if (!response.ok) throw new Error(`cannot ${what}: the emulator answers ${response.status} ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
}
