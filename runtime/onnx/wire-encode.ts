import { WIRE } from './wire.ts';

const UTF8 = new TextEncoder();

/** Protobuf varint of a non-negative integer below 2^53. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A varint field. */
export function varintField(field: number, value: number): Uint8Array {
  return concatBytes([encodeVarint(field * 8 + WIRE.varint), encodeVarint(value)]);
}

/** A length-delimited field: a message, bytes or text. */
export function bytesField(field: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === 'string' ? UTF8.encode(payload) : payload;
  return concatBytes([bytesFieldHeader(field, bytes.length), bytes]);
}

/** Tag and length of a length-delimited field whose payload is written elsewhere. */
export function bytesFieldHeader(field: number, length: number): Uint8Array {
  return concatBytes([encodeVarint(field * 8 + WIRE.bytes), encodeVarint(length)]);
}

/** The parts one after another, in new bytes. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}
