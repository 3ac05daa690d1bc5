import { Buffer } from 'node:buffer';
import type { Tensor } from '../../tensor/tensor.ts';
import { LENGTH_BYTES } from './decode-elements.ts';

/**
 * The bytes of a tensor as V2 sends them: little-endian, row-major, packed; BYTES with a 4-byte length before every element.
 * Shares memory with the tensor, except for BYTES: read only. Every machine that onnxruntime-node runs on is little-endian.
 */
export function encodeElements({ data }: Tensor): Uint8Array {
  return Array.isArray(data) ? encodeStrings(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function encodeStrings(texts: readonly string[]): Uint8Array {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let offset = 0;
  texts.forEach((text, index) => {
    offset = bytes.writeUInt32LE(lengths[index] ?? 0, offset);
    offset += bytes.write(text, offset);
  });
  return bytes;
}
