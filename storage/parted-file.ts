import { open, type FileHandle } from 'node:fs/promises';
import { Checksums } from './checksums.ts';
import { OtherBytesError } from './download-source.ts';

/** A range of a file, filled from its start on; `at` is where its next byte goes. `end` is not part of it. */
export interface Part {
  readonly start: number;
  readonly end: number;
  at: number;
}

/** Bytes read at once to catch up. */
const READ_BYTES = 1 << 20;

/** @param partBytes of each part but the last; Infinity: one part. @returns in order, none for an empty file */
export function splitIntoParts(sizeBytes: number, partBytes: number): Part[] {
  const parts: Part[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    parts.push({ start, end: Math.min(start + partBytes, sizeBytes), at: start });
  }
  return parts;
}

/**
 * A file whose parts are written next to each other in time, and whose checksums are there when the last byte is: what comes at the lowest offset is summed as it
 * comes, what came ahead of it is read back, out of the page cache, as soon as the gap is closed. Nothing is held in memory.
 */
export class PartedFile {
  readonly #file: FileHandle;
  readonly parts: readonly Part[];
  readonly #sums = new Checksums();
  /** All below it is in the checksums. */
  #summedBytes = 0;
  /** The part that `#summedBytes` lies in. */
  #current = 0;
  #catchingUp: Promise<void> | undefined;
  #closed = false;

  private constructor(file: FileHandle, parts: readonly Part[]) {
    this.#file = file;
    this.parts = parts;
  }

  /** Begins anew: what the file held is gone. @param parts in order, without gaps */
  static async create(path: string, parts: readonly Part[]): Promise<PartedFile> {
    return new PartedFile(await open(path, 'w+'), parts);
  }

  get receivedBytes(): number {
    return this.parts.reduce((sum, { start, at }) => sum + at - start, 0);
  }

  /** Puts the next bytes of a part into the file. @throws OtherBytesError when they do not belong to it any more; what writing fails with */
  async write(part: Part, chunk: Uint8Array): Promise<void> {
    if (part.at + chunk.length > part.end) throw new OtherBytesError('more bytes came than were asked for');
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.#file.write(chunk, written, chunk.length - written, part.at + written);
      written += bytesWritten;
    }
    // Only what is written counts: a chunk lost with its connection must be fetched again.
    const isNext = part.at === this.#summedBytes && !this.#catchingUp;
    part.at += chunk.length;
    if (!isNext) return;
    this.#sum(chunk);
    if (this.#readyEnd() > this.#summedBytes) this.#startCatchingUp();
  }

  /** Of all that was written in an unbroken row from the start. */
  async checksums(): Promise<Checksums> {
    await this.#catchingUp;
    return this.#sums;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#catchingUp?.catch(() => {});
    await this.#file.close();
  }

  #sum(chunk: Uint8Array): void {
    this.#sums.update(chunk);
    this.#summedBytes += chunk.length;
  }

  /** How far the part at the lowest gap is written. */
  #readyEnd(): number {
    while (this.#summedBytes === this.parts[this.#current]?.end) this.#current += 1;
    return this.parts[this.#current]?.at ?? this.#summedBytes;
  }

  #startCatchingUp(): void {
    this.#catchingUp = this.#catchUp();
    // Seen by whoever asks for the checksums.
    this.#catchingUp.catch(() => {});
  }

  async #catchUp(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (let end = this.#readyEnd(); end > this.#summedBytes && !this.#closed; end = this.#readyEnd()) {
      const wanted = Math.min(end - this.#summedBytes, buffer.length);
      const { bytesRead } = await this.#file.read(buffer, 0, wanted, this.#summedBytes);
      if (bytesRead === 0) throw new Error('the file lost bytes while it was written');
      this.#sum(buffer.subarray(0, bytesRead));
    }
    this.#catchingUp = undefined;
  }
}
