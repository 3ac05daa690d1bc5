import protobuf from 'protobufjs/minimal.js';
import { invalidInput, RequestError } from '../../errors.ts';

export type Reader = protobuf.Reader;

/** Wire types of protobuf. https://protobuf.dev/programming-guides/encoding/ */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads one field; its number and wire type have been read. */
export type FieldReader = (reader: Reader, wireType: number) => void;

/**
 * Reads the fields of a message in the order they come; those without a reader are skipped, as protobuf wants it.
 * @param name of the message, for errors
 * @throws RequestError InvalidInput when the bytes are no such message; what the readers throw
 */
export function readFields(bytes: Uint8Array, name: string, fields: Readonly<Record<number, FieldReader>>): void {
  const reader = protobuf.Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const read = fields[tag >>> 3];
      if (read) read(reader, tag & 7);
      else reader.skipType(tag & 7);
    }
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw malformed(name, error);
  }
}

/** The refusal of bytes that are no such message. */
export function malformed(name: string, cause?: unknown): RequestError {
  return invalidInput('message', `is no inference.${name}; make the client from the protocol's .proto file`, cause);
}

/** Bytes of a message, text or `bytes` field; they share memory with the message. @throws Error for another wire type */
export function readBytes(reader: Reader, wireType: number): Uint8Array {
  expectWire(wireType, WIRE.bytes);
  return reader.bytes();
}

/** @throws Error for another wire type */
export function readText(reader: Reader, wireType: number): string {
  expectWire(wireType, WIRE.bytes);
  return reader.string();
}

/** A 64-bit integer: a number where that is exact. @throws Error for another wire type */
export function readInteger(reader: Reader, wireType: number, signed = true): number | bigint {
  expectWire(wireType, WIRE.varint);
  const { high, low } = readBits(reader);
  const wide = (BigInt(signed ? high : high >>> 0) << 32n) | BigInt(low >>> 0);
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}

/** The halves of a 64-bit varint. */
export function readBits(reader: Reader): { readonly high: number; readonly low: number } {
  // Without the package `long` protobufjs gives rounded numbers; it is a dependency of protobufjs, so this is for the types.
  const value: unknown = reader.int64();
  if (typeof value === 'number') throw new Error('protobufjs has not found the package "long"');
  return value as { high: number; low: number };
}

/**
 * Elements of a repeated varint field, packed or one by one.
 * @throws Error for another wire type, or a packed field that ends inside an element
 */
export function readVarints(reader: Reader, wireType: number, readElement: (reader: Reader) => void): void {
  if (wireType === WIRE.varint) {
    readElement(reader);
    return;
  }
  expectWire(wireType, WIRE.bytes);
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a packed field is longer than its message');
  while (reader.pos < end) readElement(reader);
  if (reader.pos !== end) throw new RangeError('a packed field ends inside an element');
}

/** @throws Error */
export function expectWire(wireType: number, expected: number): void {
  if (wireType !== expected) throw new TypeError(`wire type ${wireType} where ${expected} is expected`);
}
