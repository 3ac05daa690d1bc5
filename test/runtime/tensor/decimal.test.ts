import { expect } from 'chai';
import * as fc from 'fast-check';
import { float32Text, shortestFloat16, shortestFloat32 } from '../../../runtime/tensor/decimal.ts';

/** Number of significant decimal digits in the text that JSON gets. */
function digitsOf(value: number): number {
  const [mantissa = ''] = JSON.stringify(Math.abs(value)).split('e');
  return mantissa.replace('.', '').replace(/^0+/, '').replace(/0+$/, '').length;
}

/** Fewest digits with which any decimal reads back as `x`, found the slow way: both neighbours at every length. */
function fewestDigits(x: number, narrow: (value: number) => number): number {
  for (let digits = 1; digits < 17; digits += 1) {
    const [mantissa = '', exponent = '0'] = x.toExponential(digits - 1).split('e');
    const whole = BigInt(mantissa.replace('.', ''));
    const at = (n: bigint): number => Number(`${n}e${Number(exponent) - (digits - 1)}`);
    if ([whole - 1n, whole, whole + 1n].some((n) => narrow(at(n)) === x)) return digits;
  }
  return 17;
}

describe('shortestFloat32', () => {
  const cases: [name: string, x: number, text: string][] = [
    ['a tenth', 0.1, '0.1'],
    ['a third', 1 / 3, '0.33333334'],
    ['an integer', 3, '3'],
    ['a large exact integer', 16_777_216, '16777216'],
    ['a probability next to one', 0.99999994, '0.99999994'],
    ['a small probability', 2.1299217e-8, '2.1299217e-8'],
    ['negative', -7.3, '-7.3'],
    ['the largest', 3.4028234663852886e38, '3.4028235e+38'],
    ['the smallest normal', 1.1754943508222875e-38, '1.1754944e-38'],
    ['the smallest', 1.401298464324817e-45, '1e-45'],
    ['zero', 0, '0'],
    ['NaN', Number.NaN, 'null'],
    ['infinity', -Infinity, 'null'],
  ];
  for (const [name, x, text] of cases) {
    it(`writes ${name} as ${text}`, () => {
      expect(JSON.stringify(shortestFloat32(Math.fround(x)))).to.equal(text);
      expect(float32Text(Math.fround(x))).to.equal(text);
    });
  }

  it('reads back as the same float32 and has as few digits as possible, for every float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const short = shortestFloat32(x);
        expect(Math.fround(short)).to.equal(x);
        if (x !== 0) expect(digitsOf(short), String(x)).to.equal(fewestDigits(Math.abs(x), Math.fround));
      }),
      { numRuns: 3000 },
    );
  });

  it('is no longer than needed between 0 and 1, where probabilities are', () => {
    fc.assert(
      fc.property(fc.float({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 9 }), (y, digits) => {
        const x = Math.fround(Number(y.toPrecision(digits)));
        if (x === 0) return;
        expect(Math.fround(shortestFloat32(x))).to.equal(x);
        expect(digitsOf(shortestFloat32(x))).to.equal(fewestDigits(x, Math.fround));
      }),
      { numRuns: 2000 },
    );
  });

  it('is shortest on powers of two, whose neighbours below are nearer than those above', () => {
    for (let exponent = -149; exponent < 128; exponent += 1) {
      const x = 2 ** exponent;
      const spare = x >= 1e-13 && x < 1e22 ? 0 : 1;
      expect(digitsOf(shortestFloat32(x)), `2^${exponent}`).to.be.at.most(fewestDigits(x, Math.fround) + spare);
    }
  });
});

describe('shortestFloat16', () => {
  it('is shortest and reads back for every finite float16', () => {
    const halves = new Float16Array(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits).buffer);
    for (const x of halves.subarray(1)) {
      const short = shortestFloat16(x);
      if (Math.f16round(short) !== x || digitsOf(short) !== fewestDigits(x, Math.f16round)) {
        expect.fail(`${x} became ${short}`);
      }
    }
    expect(shortestFloat16(Math.f16round(0.1))).to.equal(0.1);
    expect(shortestFloat16(-65504)).to.equal(-65500);
  });
});

describe('float32Text', () => {
  it('is the text of shortestFloat32, whatever the bits', () => {
    const bits = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      // From 1e-6 to 1, where it is made of digits.
      fc.integer({ min: 0x35_86_37_bd, max: 0x3f_80_00_00 }),
    );
    fc.assert(
      fc.property(bits, (value) => {
        const [x = 0] = new Float32Array(Uint32Array.of(value).buffer);
        expect(float32Text(x)).to.equal(JSON.stringify(shortestFloat32(x)));
      }),
      { numRuns: 20_000 },
    );
  });
});
