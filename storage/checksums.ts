import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';

/** Both checksums of bytes that come one chunk after the other. */
export class Checksums {
  readonly #sha256 = createHash('sha256');
  #crc32c = 0;

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#crc32c = crc32c(chunk, this.#crc32c);
  }

  /** Base64 of the big-endian sum, as GCS writes it. https://cloud.google.com/storage/docs/hashes-etags#json-api */
  get crc32c(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#crc32c >>> 0);
    return bytes.toString('base64');
  }

  /** Hex. Asked once, after the last chunk. */
  sha256(): string {
    return this.#sha256.digest('hex');
  }
}
