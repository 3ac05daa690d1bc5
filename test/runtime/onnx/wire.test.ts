import { expect } from 'chai';
import * as fc from 'fast-check';
import { ModelFailure } from '../../../runtime/errors.ts';
import type { ByteSource } from '../../../runtime/onnx/byte-source.ts';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { WireInput } from '../../../runtime/onnx/wire-input.ts';
import { MessageReader, WIRE } from '../../../runtime/onnx/wire.ts';
import { bytesField, concatBytes, encodeVarint, varintField } from '../../../runtime/onnx/wire-encode.ts';

function reader(bytes: Uint8Array): MessageReader {
  return new MessageReader(new WireInput(bytesSource(bytes)), 0, bytes.length, 0);
}

function failure(read: () => unknown): ModelFailure {
  try {
    read();
  } catch (error) {
    if (error instanceof ModelFailure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const drain = (message: MessageReader): void => {
  while (message.next());
};

describe('MessageReader', () => {
  it('reads back the varints that were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x1fffffff }), fc.maxSafeNat(), (field, value) => {
        const message = reader(varintField(field, value));
        expect(message.next()).to.equal(true);
        expect([message.field, message.wireType, message.number()]).to.deep.equal([field, WIRE.varint, value]);
        expect(message.next()).to.equal(false);
      }),
    );
  });

  const SIGNED: readonly (readonly [name: string, bytes: readonly number[], value: bigint])[] = [
    ['zero', [0], 0n],
    ['one byte', [127], 127n],
    ['two bytes', [0x80, 0x01], 128n],
    ['2^53 + 1', [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 2n ** 53n + 1n],
    ['the largest', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 2n ** 63n - 1n],
    ['minus one', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], -1n],
    ['the smallest', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], -(2n ** 63n)],
  ];
  for (const [name, bytes, value] of SIGNED) {
    it(`reads ${name} as a signed 64-bit integer`, () => {
      const message = reader(Uint8Array.of(0x08, ...bytes));
      message.next();
      expect(message.int64()).to.equal(value);
    });
  }

  it('reads repeated integers packed and one by one', () => {
    const packed = bytesField(8, concatBytes([encodeVarint(1), encodeVarint(300)]));
    const message = reader(concatBytes([packed, varintField(8, 7)]));
    const values: bigint[] = [];
    while (message.next()) values.push(...message.int64s());
    expect(values).to.deep.equal([1n, 300n, 7n]);
  });

  it('skips fields of every wire type', () => {
    const fixed64 = Uint8Array.of((3 << 3) | WIRE.fixed64, 1, 2, 3, 4, 5, 6, 7, 8);
    const fixed32 = Uint8Array.of((4 << 3) | WIRE.fixed32, 1, 2, 3, 4);
    const message = reader(
      concatBytes([varintField(1, 5), bytesField(2, 'skipped'), fixed64, fixed32, bytesField(5, 'end')]),
    );
    const fields: number[] = [];
    while (message.next()) fields.push(message.field);
    expect(fields).to.deep.equal([1, 2, 3, 4, 5]);
    expect(message.text()).to.equal('end');
  });

  it('reads text with accents, cuts it at the limit and survives bytes that are no UTF-8', () => {
    const message = reader(
      concatBytes([bytesField(1, 'größe in cm'), bytesField(1, 'abcdef'), bytesField(1, Uint8Array.of(0xff))]),
    );
    message.next();
    expect(message.text()).to.equal('größe in cm');
    message.next();
    expect(message.text(3)).to.equal('abc');
    message.next();
    expect(message.text()).to.equal('\ufffd');
  });

  it('reads what lies across the window that moves over a large source', () => {
    const bytes = concatBytes([
      bytesField(1, new Uint8Array(65_530)),
      bytesField(2, 'across the edge of the window'),
      varintField(3, 2 ** 40),
    ]);
    const reads: number[] = [];
    const source: ByteSource = {
      size: bytes.length,
      read: (offset, length) => {
        reads.push(length);
        return bytes.slice(offset, offset + length);
      },
    };
    const message = new MessageReader(new WireInput(source), 0, bytes.length, 0);
    message.next();
    message.next();
    expect(message.text()).to.equal('across the edge of the window');
    message.next();
    expect(message.number()).to.equal(2 ** 40);
    expect(Math.max(...reads)).to.be.at.most(65_536);
  });

  const BROKEN: readonly (readonly [name: string, bytes: readonly number[], says: RegExp])[] = [
    ['a length past the end', [0x0a, 0x05, 1, 2], /truncated: it has 4 bytes but should have at least 7/],
    ['a length beyond any file', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], /truncated/],
    ['a varint cut off', [0x08, 0x80], /truncated/],
    ['a fixed64 cut off', [0x09, 1, 2], /truncated/],
    ['a varint of eleven bytes', [0x08, ...Array.from({ length: 11 }, () => 0x80), 1], /byte 0 cannot be read/],
    ['field number 0', [0x00, 0x01], /cannot be read as protobuf/],
    ['a group', [0x0b, 0x0c], /cannot be read as protobuf/],
    ['wire type 7', [0x0f], /cannot be read as protobuf/],
  ];
  for (const [name, bytes, says] of BROKEN) {
    it(`refuses ${name}`, () => {
      const error = failure(() => drain(reader(Uint8Array.from(bytes))));
      expect(error.reason).to.equal('ModelInvalid');
      expect(error.message).to.match(says);
    });
  }

  it('tells a wrong length inside the file from a truncated file', () => {
    const inner = Uint8Array.of(0x0a, 0x09);
    const message = reader(concatBytes([bytesField(1, inner), bytesField(2, 'enough bytes follow')]));
    message.next();
    expect(failure(() => drain(message.message())).message).to.match(/byte 2 cannot be read as protobuf/);
  });

  it('refuses a field of another wire type than asked for', () => {
    const message = reader(varintField(1, 5));
    message.next();
    expect(failure(() => message.text()).reason).to.equal('ModelInvalid');
  });

  it('stops at its limits of fields, items, text and depth', () => {
    const limits = { maxFields: 10, maxItems: 2, maxTextBytes: 4, maxDepth: 3 };
    const many = concatBytes(Array.from({ length: 11 }, () => varintField(1, 1)));
    const input = new WireInput(bytesSource(many), limits);
    expect(failure(() => drain(new MessageReader(input, 0, many.length, 0))).reason).to.equal('ModelUnsupported');
    expect(failure(() => new WireInput(bytesSource(many), limits).keep(3)).reason).to.equal('ModelUnsupported');
    expect(failure(() => new WireInput(bytesSource(many), limits).text(0, 5)).reason).to.equal('ModelUnsupported');
    expect(failure(() => new MessageReader(input, 0, 0, 4)).message).to.match(/nested deeper than 3/);
  });
});
