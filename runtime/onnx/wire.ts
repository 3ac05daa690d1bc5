import type { ModelFailure } from '../errors.ts';
import { damaged, truncated } from './wire-input.ts';
import type { WireInput } from './wire-input.ts';

/** Wire types of protobuf. Groups (3, 4) are not used by ONNX. https://protobuf.dev/programming-guides/encoding/ */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Walks the fields of one protobuf message without decoding what it does not have to: `next()` moves to a field, whose payload is
 * then decoded by one of the accessors or simply left alone.
 *
 * Every failure is a ModelFailure: ModelInvalid for bytes that are no protobuf, ModelUnsupported past the limits.
 */
export class MessageReader {
  readonly input: WireInput;
  /** Payload of this message: bytes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  /** Number and wire type of the current field. */
  field = 0;
  wireType = 0;
  /** Where the current field's tag starts, and where its payload is. */
  fieldStart = 0;
  payloadStart = 0;
  payloadEnd = 0;
  readonly #depth: number;
  #position: number;
  // A varint's bits 0..27, 28..55 and 56..63.
  #low = 0;
  #middle = 0;
  #high = 0;

  // oxlint-disable-next-line eslint/max-params -- a range of an input, and how deep it lies
  constructor(input: WireInput, start: number, end: number, depth: number) {
    input.checkDepth(depth);
    this.input = input;
    this.start = start;
    this.end = end;
    this.#position = start;
    this.#depth = depth;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#position >= this.end) return false;
    this.input.visitField();
    this.fieldStart = this.#position;
    this.#readVarint();
    const tag = this.#unsigned();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field === 0 || this.field > 0x1fffffff) throw damaged(this.fieldStart);
    this.#readPayload();
    return true;
  }

  #readPayload(): void {
    this.payloadStart = this.#position;
    switch (this.wireType) {
      case WIRE.varint:
        this.#readVarint();
        this.payloadEnd = this.#position;
        return;
      case WIRE.fixed64:
        return this.#skip(8);
      case WIRE.fixed32:
        return this.#skip(4);
      case WIRE.bytes: {
        this.#readVarint();
        this.payloadStart = this.#position;
        return this.#skip(this.#unsigned());
      }
      default:
        throw damaged(this.fieldStart);
    }
  }

  #skip(length: number): void {
    this.payloadEnd = this.payloadStart + length;
    if (this.payloadEnd > this.end) {
      // Only a length that runs past the file itself says that bytes are missing; else a length is wrong.
      throw this.payloadEnd > this.input.source.size
        ? truncated(this.payloadEnd, this.input.source.size)
        : damaged(this.fieldStart);
    }
    this.#position = this.payloadEnd;
  }

  #readVarint(): void {
    this.#low = this.#middle = this.#high = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      if (this.#position >= this.end) throw this.#cutOff();
      const byte = this.input.byteAt(this.#position);
      this.#position += 1;
      const bits = byte & 0x7f;
      if (count < 4) this.#low |= bits << (7 * count);
      else if (count < 8) this.#middle |= bits << (7 * (count - 4));
      else this.#high |= bits << (7 * (count - 8));
      if (byte < 0x80) return;
    }
    throw damaged(this.fieldStart);
  }

  #cutOff(): ModelFailure {
    return this.end >= this.input.source.size
      ? truncated(this.end + 1, this.input.source.size)
      : damaged(this.fieldStart);
  }

  #unsigned(): number {
    return this.#low + this.#middle * 2 ** 28 + this.#high * 2 ** 56;
  }

  /** The current field as a signed 64-bit integer. */
  int64(): bigint {
    this.#expect(WIRE.varint);
    const bits = (BigInt(this.#high) << 56n) | (BigInt(this.#middle) << 28n) | BigInt(this.#low);
    return BigInt.asIntN(64, bits);
  }

  /** The current field as an integer; past 2^53 the nearest double. */
  number(): number {
    this.#expect(WIRE.varint);
    return this.#high === 0 ? this.#unsigned() : Number(this.int64());
  }

  /** The current field as a 32-bit float. */
  float(): number {
    this.#expect(WIRE.fixed32);
    const { buffer, byteOffset } = this.input.slice(this.payloadStart, this.payloadEnd);
    return new DataView(buffer, byteOffset).getFloat32(0, true);
  }

  /** The integers of a repeated field, packed or one by one. */
  *int64s(): Generator<bigint> {
    if (this.wireType === WIRE.varint) {
      yield this.int64();
      return;
    }
    const packed = this.message();
    while (packed.#position < packed.end) {
      packed.fieldStart = packed.#position;
      packed.wireType = WIRE.varint;
      packed.input.visitField();
      packed.#readVarint();
      yield packed.int64();
    }
  }

  /** The current field's bytes; not to be written into. */
  bytes(): Uint8Array {
    this.#expect(WIRE.bytes);
    return this.input.slice(this.payloadStart, this.payloadEnd);
  }

  /** The current field as text, cut after `maxBytes` (64 KiB). Bytes that are no UTF-8 become U+FFFD. */
  text(maxBytes = 65_536): string {
    this.#expect(WIRE.bytes);
    return this.input.text(this.payloadStart, Math.min(this.payloadEnd, this.payloadStart + maxBytes));
  }

  /** The current field as a message of its own. */
  message(): MessageReader {
    this.#expect(WIRE.bytes);
    return new MessageReader(this.input, this.payloadStart, this.payloadEnd, this.#depth + 1);
  }

  /** Where this message is, to walk it again later: far smaller than a reader. */
  get place(): MessagePlace {
    return { input: this.input, start: this.start, end: this.end, depth: this.#depth };
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw damaged(this.fieldStart);
  }
}

const MAX_VARINT_BYTES = 10;

/** A message in the file that may be walked when it is needed. */
export interface MessagePlace {
  readonly input: WireInput;
  /** Payload: bytes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/** A reader at the first field of the message. */
export function readerAt({ input, start, end, depth }: MessagePlace): MessageReader {
  return new MessageReader(input, start, end, depth);
}
