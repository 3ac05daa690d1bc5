/** Random access to the bytes of a file, so that a model larger than memory can be read piece by piece. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * @param offset 0 .. size
   * @param into memory that may hold the result: at least `length` bytes, which the caller then leaves alone while it needs the result
   * @returns exactly `length` bytes, fewer only at the end of the source; the caller must not write into them
   */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array;
}

/** A source over bytes in memory. Reads are views, nothing is copied. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** A piece of a rewritten file: bytes `[offset, offset + length)` of the original, or new bytes. */
export type Segment = { readonly offset: number; readonly length: number } | { readonly bytes: Uint8Array };

/** Size in bytes of the file that the segments make. */
export function segmentsSize(segments: readonly Segment[]): number {
  return segments.reduce((size, segment) => size + ('bytes' in segment ? segment.bytes.length : segment.length), 0);
}

/** The rewritten file as a whole, for files that fit in memory. The caller owns the result. */
export function assemble(source: ByteSource, segments: readonly Segment[]): Uint8Array {
  const result = new Uint8Array(segmentsSize(segments));
  let position = 0;
  for (const chunk of segmentChunks(source, segments)) {
    result.set(chunk, position);
    position += chunk.length;
  }
  return result;
}

/** 1 MiB. */
export const CHUNK_BYTES = 1024 * 1024;

/**
 * The rewritten file in order, in pieces of at most `chunkBytes`: what a file of any size is written from.
 * @param into `chunkBytes` of memory for every piece in turn: each is then gone with the next. Default: pieces of their own
 */
export function* segmentChunks(
  source: ByteSource,
  segments: readonly Segment[],
  chunkBytes = CHUNK_BYTES,
  into?: Uint8Array,
): Generator<Uint8Array> {
  for (const segment of segments) {
    if ('bytes' in segment) {
      yield segment.bytes;
      continue;
    }
    const end = segment.offset + segment.length;
    for (let offset = segment.offset; offset < end; offset += chunkBytes) {
      yield source.read(offset, Math.min(chunkBytes, end - offset), into);
    }
  }
}
