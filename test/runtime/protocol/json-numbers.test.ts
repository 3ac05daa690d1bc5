import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { JsonNumbers } from '../../../runtime/protocol/json-numbers.ts';

/** What `JSON.parse` makes of a list, stored as float32 or float64; undefined where it is no list of finite numbers. */
function parsed(text: string, isNarrow: boolean): readonly number[] | undefined {
  try {
    const values = JSON.parse(text) as unknown;
    if (!Array.isArray(values) || !values.every((value) => typeof value === 'number')) return undefined;
    const stored = isNarrow ? values.map(Math.fround) : values;
    return stored.every(Number.isFinite) ? stored : undefined;
  } catch {
    return undefined;
  }
}

function read(text: string, count: number, isNarrow: boolean): readonly number[] | undefined {
  const numbers = new JsonNumbers(Buffer.from(text), isNarrow);
  const target = isNarrow ? new Float32Array(count) : new Float64Array(count);
  return numbers.readNested([count], target, 0) && numbers.isAtEnd() ? [...target] : undefined;
}

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), minLength, maxLength });
/** Also what only looks like a number: zeros in front, no digits behind the point. */
const literal = fc
  .tuple(
    fc.constantFrom('', '-', '+', '--'),
    fc.oneof({ weight: 4, arbitrary: digits(1, 4) }, digits(0, 30)),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('') },
      digits(0, 30).map((text) => `.${text}`),
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '-', '+'), digits(0, 3)).map((parts) => parts.join('')),
    ),
  )
  .map((parts) => parts.join(''));
const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r ', '\u00a0');
const number = fc.oneof(
  literal,
  fc.double().map(String),
  fc.float().map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(17)),
  fc.maxSafeInteger().map(String),
  fc.bigInt().map(String),
);

const EDGES = [
  '[0]',
  '[-0]',
  '[-0.0]',
  '[1e22]',
  '[1e23]',
  '[123456789012345e22]',
  '[9007199254740993]',
  '[9007199254740993e-22]',
  '[0.1000000000000000055511151231257827021181583404541015625]',
  '[16777217]',
  '[16777217.0000000001]',
  '[3.4028235677973366e38]',
  '[3.4028235677973365e38]',
  '[3.5e38]',
  '[1e308]',
  '[1e309]',
  '[1e-400]',
  '[1.17549435e-38]',
  '[7e-46]',
  '[1e99999999999999999999]',
  '[0e99999999999999999999]',
  '[01]',
  '[-]',
  '[.5]',
  '[5.]',
  '[5e]',
  '[5e+]',
  '[+5]',
  '[0x10]',
  '[NaN]',
  '[Infinity]',
  '[]',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1]]',
  '[[1]]',
  '[1',
  '[1.5',
  '1]',
  '',
  '[null]',
  '["1"]',
  '[true]',
  '[1/*x*/]',
] as const;

describe('numbers from the bytes of JSON', () => {
  for (const isNarrow of [true, false]) {
    const type = isNarrow ? 'float32' : 'float64';
    for (const text of EDGES) {
      it(`are those of JSON.parse as ${type}: ${text}`, () => {
        const expected = parsed(text, isNarrow);
        const isOne = expected?.length === 1;
        expect(read(text, 1, isNarrow)).to.deep.equal(isOne ? expected : undefined);
        if (isOne) expect(Object.is(read(text, 1, isNarrow)?.[0], expected[0])).to.equal(true);
      });
    }

    it(`are those of JSON.parse as ${type}, whatever the digits`, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(space, number, space), { minLength: 1, maxLength: 4 }), (items) => {
          const text = `[${items.map((item) => item.join('')).join(',')}]`;
          const values = parsed(text, isNarrow);
          // One item without any character leaves an empty list.
          const expected = values?.length === items.length ? values : undefined;
          const actual = read(text, items.length, isNarrow);
          if (expected === undefined) expect(actual).to.equal(undefined);
          else
            expect(
              actual?.every((value, index) => Object.is(value, expected[index])),
              text,
            ).to.equal(true);
        }),
        { numRuns: 2_000 },
      );
    });
  }

  it('are read from lists of the wrong length not at all', () => {
    for (const count of [0, 1, 3]) expect(read('[1,2]', count, true)).to.equal(undefined);
  });
});
