import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import type { ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { decodeNpyRequest } from '../../../../runtime/protocol/npy/decode-request.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { npyOf, npyWithHeader } from '../../../support/npy.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const utf32 = (width: number, ...texts: string[]): Uint8Array =>
  bytesOf(
    Uint32Array.from(
      texts.flatMap((text) => Array.from({ length: width }, (_, at) => Array.from(text)[at]?.codePointAt(0) ?? 0)),
    ),
  );
const F4 = bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const DICTIONARY = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4), }";

describe('decoding .npy requests', () => {
  for (const [name, body, signature, instances] of [
    [
      'float32',
      npyOf('<f4', [2, 4], F4),
      SAMPLES.iris,
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    [
      'version 2',
      npyOf('<f4', [2, 4], F4, { version: 2 }),
      SAMPLES.iris,
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    [
      'version 3',
      npyOf('<f4', [2, 4], F4, { version: 3 }),
      SAMPLES.iris,
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    [
      'Fortran order',
      npyOf('<f4', [2, 4], F4, { fortranOrder: true }),
      SAMPLES.iris,
      [
        [1, 3, 5, 7],
        [2, 4, 6, 8],
      ],
    ],
    [
      'float64 for float32',
      npyOf('<f8', [1, 4], bytesOf(Float64Array.of(0.1, 2, Number.NaN, Infinity))),
      SAMPLES.iris,
      [[0.1, 2, null, 'Infinity']],
    ],
    ['float32 for float64', npyOf('<f4', [1], bytesOf(Float32Array.of(0.1))), SAMPLES.double, [Math.fround(0.1)]],
    ['float16', npyOf('<f2', [1, 2], bytesOf(Float16Array.of(1.5, -2))), SAMPLES.half, [[1.5, -2]]],
    [
      'float16 for float32',
      npyOf('<f2', [1, 4], bytesOf(Float16Array.of(1.5, -2, 0, 65504))),
      SAMPLES.iris,
      [[1.5, -2, 0, 65504]],
    ],
    [
      'int64 for float32',
      npyOf('<i8', [1, 4], bytesOf(BigInt64Array.of(1n, -2n, 3n, 4n))),
      SAMPLES.iris,
      [[1, -2, 3, 4]],
    ],
    ['bool', npyOf('|b1', [1, 2], Uint8Array.of(1, 0)), SAMPLES.flags, [[true, false]]],
    ['bool for float32', npyOf('|b1', [1, 4], Uint8Array.of(1, 0, 0, 1)), SAMPLES.iris, [[1, 0, 0, 1]]],
    [
      'uint8, an image',
      npyOf('|u1', [1, 2, 3], Uint8Array.of(1, 2, 3, 4, 5, 255)),
      SAMPLES.image,
      [
        [
          [1, 2, 3],
          [4, 5, 255],
        ],
      ],
    ],
    [
      'an image in Fortran order',
      npyOf('|u1', [1, 2, 3], Uint8Array.of(1, 4, 2, 5, 3, 255), { fortranOrder: true }),
      SAMPLES.image,
      [
        [
          [1, 2, 3],
          [4, 5, 255],
        ],
      ],
    ],
    ['int16 for int8', npyOf('<i2', [1, 2], bytesOf(Int16Array.of(-128, 127))), SAMPLES.small, [[-128, 127]]],
    ['whole float64 for int8', npyOf('<f8', [1, 2], bytesOf(Float64Array.of(-3, 4))), SAMPLES.small, [[-3, 4]]],
    [
      'uint64',
      npyOf('<u8', [1], bytesOf(BigUint64Array.of(2n ** 64n - 1n))),
      SAMPLES.unsigned,
      ['18446744073709551615'],
    ],
    ['text', npyOf('<U3', [2, 1], utf32(3, 'aü😀', 'b')), SAMPLES.text, [['aü😀'], ['b']]],
    ['a column as [N]', npyOf('<U3', [2], utf32(3, 'abc', 'b')), SAMPLES.text, [['abc'], ['b']]],
    ['no batch axis', npyOf('<f4', [3], F4.subarray(0, 12)), SAMPLES.vector, [[1, 2, 3]]],
  ] as const satisfies readonly (readonly [string, Buffer, ModelSignature, readonly unknown[]])[]) {
    it(`takes ${name}`, () => {
      const json = JSON.stringify({ instances }).replaceAll(/"(\d+)"/g, '$1');
      const { feeds, rows, form, parameters } = decodeV1Request(json, signature);
      expect(decodeNpyRequest(body, signature)).to.deep.equal({ feeds, rows, form, parameters, outputs: undefined });
    });
  }

  it('takes options', () => {
    const body = npyOf('<f4', [2, 4], F4);
    const { parameters } = decodeNpyRequest(body, SAMPLES.iris, { parameters: { topK: 2 } });
    expect(parameters).to.deep.equal({ topK: 2 });
    expect(decodeNpyRequest(body, SAMPLES.iris, { outputs: ['label'] }).outputs).to.deep.equal(['label']);
  });

  const two = signatureOf([
    ['a', 'FP32', [-1, 1]],
    ['b', 'FP32', [-1, 1]],
  ]);
  for (const [name, body, signature, message] of [
    ['nothing', Buffer.alloc(0), SAMPLES.iris, 'body: is no .npy file; write one with numpy.save(file, array)'],
    [
      'JSON',
      Buffer.from('{"instances": []}'),
      SAMPLES.iris,
      'body: is no .npy file; write one with numpy.save(file, array)',
    ],
    [
      'a zip (.npz)',
      Buffer.from('PK\x03\x04'),
      SAMPLES.iris,
      'body: is no .npy file; write one with numpy.save(file, array)',
    ],
    [
      'another version',
      npyOf('<f4', [2, 4], F4, { version: 4 }),
      SAMPLES.iris,
      'body: expected version 1 to 3 of the .npy format, got 4',
    ],
    [
      'the magic alone',
      npyOf('<f4', [2, 4], F4).subarray(0, 7),
      SAMPLES.iris,
      'body: the .npy file ends inside its header',
    ],
    [
      'half a header',
      npyOf('<f4', [2, 4], F4).subarray(0, 50),
      SAMPLES.iris,
      'body: the .npy file ends inside its header',
    ],
    [
      'a huge header',
      npyWithHeader(' '.repeat(20_000), F4),
      SAMPLES.iris,
      'header: is 20022 bytes long, more than 10000',
    ],
    [
      'a header that is code',
      npyWithHeader("__import__('os')", F4),
      SAMPLES.iris,
      `header: expected 'descr', 'fortran_order' and 'shape', got "__import__('os')"`,
    ],
    [
      'a header without a shape',
      npyWithHeader("{'descr': '<f4', 'fortran_order': False}", F4),
      SAMPLES.iris,
      `header: expected 'descr', 'fortran_order' and 'shape', got "{'descr': '<f4', 'fortran_order': False}"`,
    ],
    [
      'a strange shape',
      npyWithHeader(DICTIONARY.replace('1, 4', '1,, 4'), F4),
      SAMPLES.iris,
      'header.shape: expected a tuple of integers, got "(1,, 4)"',
    ],
    [
      'big-endian',
      npyOf('>f4', [2, 4], F4),
      SAMPLES.iris,
      `header.descr: the dtype ">f4" is not served; convert it with array.astype('<f4')`,
    ],
    [
      'objects',
      npyOf('|O', [2, 4], F4),
      SAMPLES.iris,
      `header.descr: the dtype "|O" is not served; convert it with array.astype(str) or astype('float32')`,
    ],
    [
      'byte strings',
      npyOf('|S4', [2, 4], F4),
      SAMPLES.iris,
      'header.descr: the dtype "|S4" is not served; convert it with numpy.char.decode(array)',
    ],
    [
      'complex numbers',
      npyOf('<c8', [1, 4], F4),
      SAMPLES.iris,
      'header.descr: the dtype "<c8" is not served; send booleans, integers, float16, float32, float64 or str',
    ],
    [
      'dates',
      npyOf('<M8[D]', [1, 4], F4),
      SAMPLES.iris,
      'header.descr: the dtype "<M8[D]" is not served; send booleans, integers, float16, float32, float64 or str',
    ],
    [
      'records',
      npyWithHeader("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 4), }", F4),
      SAMPLES.iris,
      `header.descr: structured arrays are not served, got "[('a', '<f4')]"; send CSV`,
    ],
    [
      'one row',
      npyOf('<f4', [4], F4.subarray(0, 16)),
      SAMPLES.iris,
      'header.shape: expected [-1,4] (-1: any number), got [4]; rows come first: [1,4]',
    ],
    [
      'another shape',
      npyOf('<f4', [4, 2], F4),
      SAMPLES.iris,
      'header.shape: expected [-1,4] (-1: any number), got [4,2]',
    ],
    ['no rows', npyOf('<f4', [0, 4], new Uint8Array()), SAMPLES.iris, 'header.shape[0]: expected 1 or more, got 0'],
    [
      'a huge shape',
      npyOf('<f4', [1_000_000_000_000, 4], F4),
      SAMPLES.iris,
      'body: expected 16000000000000 bytes of elements for shape [1000000000000,4], got 32',
    ],
    [
      'a shape beyond 2^53',
      npyOf('<f4', [2 ** 60, 4], F4),
      SAMPLES.iris,
      'header.shape: expected a tuple of integers, got "(1152921504606847000, 4)"',
    ],
    [
      'too few elements',
      npyOf('<f4', [3, 4], F4),
      SAMPLES.iris,
      'body: expected 48 bytes of elements for shape [3,4], got 32',
    ],
    [
      'too many elements',
      npyOf('<f4', [1, 4], F4),
      SAMPLES.iris,
      'body: expected 16 bytes of elements for shape [1,4], got 32',
    ],
    [
      'a number beyond float32',
      npyOf('<f8', [1, 4], bytesOf(Float64Array.of(1, 2, 1e39, 4))),
      SAMPLES.iris,
      'data[0][2]: expected a number within the range of FP32, got the number 1e+39',
    ],
    [
      'a fraction for integers',
      npyOf('<f8', [2, 2], bytesOf(Float64Array.of(1, 2, 3, 4.5))),
      SAMPLES.small,
      'data[1][1]: expected an integer, got the number 4.5',
    ],
    [
      'the same in Fortran order',
      npyOf('<f8', [2, 2], bytesOf(Float64Array.of(1, 4.5, 3, 4)), { fortranOrder: true }),
      SAMPLES.small,
      'data[1][0]: expected an integer, got the number 4.5',
    ],
    [
      'NaN for integers',
      npyOf('<f8', [1, 2], bytesOf(Float64Array.of(1, Number.NaN))),
      SAMPLES.small,
      'data[0][1]: expected an integer, got null; only float inputs can hold missing values',
    ],
    [
      'an integer out of range',
      npyOf('<i2', [1, 2], bytesOf(Int16Array.of(1, 128))),
      SAMPLES.small,
      'data[0][1]: expected an integer from -128 to 127, got the number 128',
    ],
    [
      'a bool that is 2',
      npyOf('|b1', [1, 2], Uint8Array.of(1, 2)),
      SAMPLES.flags,
      'data[1]: expected a byte of 0 or 1, got 2',
    ],
    [
      'numbers for text',
      npyOf('<f4', [1, 1], F4.subarray(0, 4)),
      SAMPLES.text,
      'data[0][0]: expected a string, got the number 1; write it in quotes: "1"; the model takes a string here',
    ],
    [
      'text for numbers',
      npyOf('<U1', [1, 4], utf32(1, 'a', 'b', 'c', 'd')),
      SAMPLES.iris,
      'data[0][0]: expected a number, got the string "a"; the model takes a number here',
    ],
    [
      'half of a surrogate pair',
      npyOf('<U1', [1, 1], bytesOf(Uint32Array.of(0xd800))),
      SAMPLES.text,
      'data[0][0]: expected a string of whole characters, got one with half of a surrogate pair',
    ],
    [
      'U+0000 in text',
      npyOf('<U3', [1, 1], bytesOf(Uint32Array.of(97, 0, 98))),
      SAMPLES.text,
      'data[0][0]: expected a string without the character U+0000, at which it would be cut off',
    ],
    [
      'a character that is none',
      npyOf('<U1', [1, 1], bytesOf(Uint32Array.of(0x110000))),
      SAMPLES.text,
      'data[0]: is no text: there is no character 1114112',
    ],
    [
      'many empty strings',
      npyOf('<U0', [2 ** 40, 1], new Uint8Array()),
      SAMPLES.text,
      'header.descr: an array of empty strings is not served',
    ],
    [
      'several inputs',
      npyOf('<f4', [4, 2], F4),
      two,
      'body: an .npy file holds one array, but the model has "a", "b"; send JSON or CSV',
    ],
  ] as const satisfies readonly (readonly [string, Buffer, ModelSignature, string])[]) {
    it(`refuses ${name}`, () => {
      const error = thrownBy(RequestError, () => decodeNpyRequest(body, signature));
      expect([error.code, error.message]).to.deep.equal(['InvalidInput', message]);
    });
  }

  it('refuses or takes whatever bytes come, and nothing else', () => {
    let seed = 3;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const good = [
      npyOf('<f4', [2, 4], F4),
      npyOf('<f8', [4, 1], F4),
      npyOf('<U2', [2, 1], utf32(2, 'ab', 'c')),
      npyOf('|u1', [1, 2, 3], F4.subarray(0, 6)),
    ];
    let taken = 0;
    for (let round = 0; round < 5000; round += 1) {
      const bytes = Buffer.from(good[round % good.length]!);
      for (let change = 0; change <= random(3); change += 1) bytes[random(bytes.length)] = random(256);
      const body = random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      const signature = [SAMPLES.iris, SAMPLES.double, SAMPLES.text, SAMPLES.image][round % 4]!;
      try {
        decodeNpyRequest(body, signature);
        taken += 1;
      } catch (error) {
        expect(error, body.toString('hex')).to.be.instanceOf(RequestError).and.have.property('status', 400);
      }
    }
    expect(taken).to.be.above(100);
  });
});
