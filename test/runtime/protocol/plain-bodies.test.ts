import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ModelSignature } from '../../../runtime/onnx/signature.ts';
import { decodePlainRows } from '../../../runtime/protocol/v1/decode-plain-rows.ts';
import { decodeAnyV1Request, decodeV1Request } from '../../../runtime/protocol/v1/decode-request.ts';
import { decodeAnyV2Request, decodeV2Request } from '../../../runtime/protocol/v2/decode-request.ts';
import { takePlainData } from '../../../runtime/protocol/v2/read-plain-data.ts';
import { signatureOf } from '../../support/signatures.ts';

const MODELS: Readonly<Record<string, ModelSignature>> = {
  'float32 rows': signatureOf([['X', 'FP32', [-1, 3]]]),
  'float64 rows': signatureOf([['X', 'FP64', [-1, 3]]]),
  'rows of one': signatureOf([['X', 'FP32', [-1, 1]]]),
  scalars: signatureOf([['X', 'FP32', [-1]]]),
  images: signatureOf([['X', 'FP32', [-1, 2, 3]]]),
  'eight at once': signatureOf([['X', 'FP32', [8, 3]]], undefined, { fixedBatch: 8 }),
  'free width': signatureOf([['X', 'FP32', [-1, -1]]]),
  integers: signatureOf([['X', 'INT64', [-1, 3]]]),
  'two inputs': signatureOf([
    ['X', 'FP32', [-1, 3]],
    ['Y', 'FP32', [-1, 3]],
  ]),
  'no rows': signatureOf([['X', 'FP32', [3]]], undefined, { batched: false }),
};

/** The request, or the words of its refusal. */
function outcome(decode: () => object): unknown {
  try {
    return { ...decode() };
  } catch (error) {
    return (error as Error).message;
  }
}

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-2.5',
  '3.25e2',
  '1e-7',
  '0.30471707975443135',
  '123456789012345678',
  '9007199254740993',
];
const ODD = ['1e39', '1e999', '01', 'NaN', '-Infinity', 'null', '"NaN"', 'true', '{}', '[]', '"a"', '', '1 2', '-'];
const element = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 20, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD) },
);
const gap = fc.oneof({ weight: 6, arbitrary: fc.constant('') }, fc.constantFrom(' ', '\n', '\t \r', '\u00a0'));
const listOf = (item: fc.Arbitrary<string>, length: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(
        fc.tuple(gap, item, gap).map((parts) => parts.join('')),
        { minLength: length, maxLength: length },
      ),
      gap,
    )
    .map(([items, space]) => `[${items.join(',')}${space}]`);
/** Mostly three numbers. */
const row = fc.oneof(
  { weight: 30, arbitrary: listOf(element, 3) },
  listOf(element, 1),
  listOf(listOf(element, 3), 2),
  fc.integer({ min: 0, max: 5 }).chain((length) => listOf(element, length)),
  element,
);
const rows = fc.integer({ min: 0, max: 9 }).chain((count) => listOf(row, count));
const v1Body = fc
  .tuple(
    gap,
    fc.oneof(
      { weight: 10, arbitrary: fc.constant('"instances":') },
      fc.constantFrom('"instances" :', '"inputs":', '"Instances":', String.raw`"instance\u0073":`, 'instances:'),
    ),
    rows,
    fc.oneof(
      { weight: 10, arbitrary: fc.constant('') },
      fc.constantFrom(',"parameters":{"topK":1}', ',"instances":[[1,2,3]]', ',"outputs":["y"]', ',', ',"x":[{}]'),
    ),
    gap,
    fc.oneof({ weight: 20, arbitrary: fc.constant('}') }, fc.constantFrom('', '}}', '} x', '}\0')),
  )
  .map(([space, key, value, more, end, close]) => `${space}{${key}${value}${more}${end}${close}`);

const v2Body = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant('') },
      fc.constantFrom('"id":"7",', '"id":"\\"data\\":[1]",', '"id":7,'),
    ),
    fc.constantFrom('"shape":[2,3]', '"shape":[2,3,1]', '"shape":[6]', '"shape":[2]', '"shape":[2,3],"parameters":{}'),
    fc.constantFrom('"name":"X"', '"name":"Y"', '"name":"data"', String.raw`"name":"\u0058"`),
    fc.oneof({ weight: 20, arbitrary: listOf(element, 6) }, rows, fc.constant('"data"')),
    fc.constantFrom('"data":', '"data" :', String.raw`"dat\u0061":`, '"data":[],"data":'),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      fc.constantFrom(
        ',"parameters":{"data":[1,2]}',
        ',"outputs":[{"name":"y"}]',
        ',"é":"ü"',
        ',"outputs":[{"name":"z"}]',
      ),
    ),
    fc.boolean(),
  )
  .map(([id, shape, name, data, key, more, isDataFirst]) => {
    const described = `${name},${shape},"datatype":"FP32"`;
    const members = isDataFirst ? `${key}${data},${described}` : `${described},${key}${data}`;
    // The general way alone reads short bodies.
    return `{${id}"inputs":[{${members}}]${more},"padding":"${'x'.repeat(1000)}"}`;
  });

/** Cut off, or with a byte that is something else. */
const mutated = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      text.map((body) => Buffer.from(body)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(30),
    )
    .map(([body, place, byte, kind]) => {
      const index = Math.floor(place * body.length);
      if (kind === 0) return body.subarray(0, index);
      if (kind === 1) body[index] = byte;
      return body;
    });

describe('bodies of plain numbers', () => {
  for (const [name, signature] of Object.entries(MODELS)) {
    it(`are decoded as in the general way: V1, ${name}`, () => {
      fc.assert(
        fc.property(mutated(v1Body), (body) => {
          expect(outcome(() => decodeV1Request(body, signature))).to.deep.equal(
            outcome(() => decodeAnyV1Request(body, signature)),
          );
        }),
        { numRuns: 300 },
      );
    });

    it(`are decoded as in the general way: V2, ${name}`, () => {
      fc.assert(
        fc.property(mutated(v2Body), (bytes) => {
          const body = { bytes, jsonBytes: undefined };
          expect(outcome(() => decodeV2Request(body, signature))).to.deep.equal(
            outcome(() => decodeAnyV2Request(body, signature)),
          );
        }),
        { numRuns: 300 },
      );
    });
  }

  it('are many rows in one pass, also more than are kept room for', () => {
    const signature = MODELS['float32 rows']!;
    for (const count of [1, 1000, 60_000]) {
      const body = Buffer.from(
        JSON.stringify({ instances: Array.from({ length: count }, (_, index) => [index, 0.5, -1e-3]) }),
      );
      expect(decodePlainRows(body, signature)?.rows).to.equal(count);
      expect(decodeV1Request(body, signature)).to.deep.equal(decodeAnyV1Request(body, signature));
    }
  });

  it('do not share memory with the request before', () => {
    const signature = MODELS['float32 rows']!;
    const decode = (text: string) => decodePlainRows(Buffer.from(text), signature)?.feeds.get('X')?.data;
    const first = decode('{"instances":[[1,2,3]]}');
    decode('{"instances":[[4,5,6]]}');
    expect([...(first as Float32Array)]).to.deep.equal([1, 2, 3]);
    expect((first as Float32Array).buffer.byteLength).to.equal(12);
  });

  it('have their numbers taken out of a V2 body', () => {
    const data = Array.from({ length: 300 }, (_, index) => index / 7);
    const inputs = [{ name: 'X', shape: [100, 3], datatype: 'FP32', data }];
    const body = Buffer.from(JSON.stringify({ inputs }));
    expect(Buffer.from(takePlainData(body)!.bytes).toString()).to.equal(
      JSON.stringify({ inputs: [{ ...inputs[0], data: [] }] }),
    );
  });
});
