import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { ByteSource, Segment } from './onnx/byte-source.ts';
import { CHUNK_BYTES, segmentChunks } from './onnx/byte-source.ts';

/** A file that `readModel` reads piece by piece; its weights never are in memory. Close it when the model is prepared. */
export interface ModelFile extends ByteSource, Disposable {
  close(): void;
}

/**
 * Opens a model file for reading. Reads are synchronous and allocate at most what they return.
 * @throws the error of node:fs when the file cannot be opened
 */
export function openModelFile(path: string): ModelFile {
  const descriptor = openSync(path, 'r');
  const { size } = fstatSync(descriptor);
  const close = (): void => closeSync(descriptor);
  const read = (offset: number, length: number, into?: Uint8Array): Uint8Array => {
    const bytes = Math.max(0, Math.min(length, size - offset));
    const wanted = into?.subarray(0, bytes) ?? Buffer.allocUnsafeSlow(bytes);
    let filled = 0;
    while (filled < wanted.length) {
      const count = readSync(descriptor, wanted, filled, wanted.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return wanted.subarray(0, filled);
  };
  return { size, read, close, [Symbol.dispose]: close };
}

/**
 * Writes a rewritten model, 1 MiB at a time, so that memory stays flat whatever its size. To keep its external data resolvable the
 * target must lie in the folder of the original.
 */
export function writeModelFile(source: ByteSource, segments: readonly Segment[], path: string): void {
  const descriptor = openSync(path, 'w', 0o600);
  // One for all: garbage outside the heap stays until the heap itself is full, and would be there while the model loads.
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (const chunk of segmentChunks(source, segments, CHUNK_BYTES, buffer)) writeFully(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
}

function writeFully(descriptor: number, chunk: Uint8Array): void {
  for (let written = 0; written < chunk.length;) written += writeSync(descriptor, chunk, written);
}
