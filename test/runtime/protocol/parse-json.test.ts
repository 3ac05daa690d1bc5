import { expect } from 'chai';
import * as fc from 'fast-check';
import { exactInteger, parseJson, parseJsonExactly } from '../../../runtime/protocol/parse-json.ts';
import { stringifyJson } from '../../../runtime/protocol/stringify-json.ts';
import type { JsonValue } from '../../../runtime/tensor/element.ts';

describe('exactInteger', () => {
  const cases: [literal: string, value: bigint | undefined][] = [
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993.000', -9007199254740993n],
    ['1.8446744073709551615e19', 18446744073709551615n],
    ['0.00012e19', 1200000000000000n],
    ['1234567890E+10', 12345678900000000000n],
    ['-0', 0n],
    ['9007199254740993.5', undefined],
    ['1e-3', undefined],
    ['1e30', undefined],
    ['123456789012345678901', undefined],
    [`1${'0'.repeat(80)}e-75`, undefined],
    ['1e999999999', undefined],
    ['', undefined],
  ];
  for (const [literal, value] of cases) {
    it(`reads ${literal === '' ? 'nothing' : literal} as ${String(value)}`, () => {
      expect(exactInteger(literal)).to.equal(value);
    });
  }
});

describe('parseJson', () => {
  it('parses what JSON.parse parses, to the same value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseJson(text)).to.deep.equal({ value: JSON.parse(text), text });
        expect(parseJson(Buffer.from(text)).value).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it('takes bare non-finite numbers as Python writes them, and leaves strings alone', () => {
    const text = '{"NaN": [NaN, -Infinity, Infinity, "Infinity, NaN", "\\"NaN"], "b":NaN}';
    expect(parseJson(text).value).to.deep.equal({
      NaN: [null, '-Infinity', 'Infinity', 'Infinity, NaN', '"NaN'],
      b: null,
    });
  });

  it('finds depth outside of strings only', () => {
    const limits = { maxDepth: 2 };
    expect(parseJson('{"[[[[": ["]]{{\\"[["]}', limits).value).to.deep.equal({ '[[[[': [']]{{"[['] });
    expect(parseJson('[[],[],{},[]]', limits).value).to.deep.equal([[], [], {}, []]);
    expect(() => parseJson('[[{}]]', limits)).to.throw('nested more than 2 deep');
  });
});

describe('parseJsonExactly', () => {
  it('gives back every integer that was written, and every other value as it was', () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        integer.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((value) => value + 0),
        fc.string(),
        fc.constantFrom(null, true, false),
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseJsonExactly(stringifyJson(value))).to.deep.equal(value);
      }),
    );
  });
});
