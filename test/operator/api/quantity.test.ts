import { expect } from 'chai';
import * as fc from 'fast-check';
import { canonicalQuantity, quantityToInteger } from '../../../operator/api/quantity.ts';

describe('canonicalQuantity', () => {
  // Right: equal in value, and what k8s.io/apimachinery 0.36.3 (resource.Quantity) reads and writes again without a change.
  const rows: readonly (readonly [written: string | number, stored: string])[] = [
    ['100m', '100m'],
    ['0.1', '100m'],
    [0.5, '500m'],
    [1, '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1.5', '1500m'],
    ['2.', '2'],
    ['.5', '500m'],
    ['+1', '1'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['256Mi', '256Mi'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['1536Mi', '1536Mi'],
    ['1.1Gi', '1181116006400m'],
    ['0.5Ki', '512'],
    ['1000Mi', '1000Mi'],
    ['1000k', '1M'],
    ['1e3', '1e3'],
    ['1.5e3', '1500'],
    ['12E6', '12e6'],
    ['2E', '2E'],
    ['0', '0'],
    ['0Mi', '0'],
    ['0.0000000001', '1n'],
    ['-1.5', '-1500m'],
  ];
  for (const [written, stored] of rows) {
    it(`spells ${JSON.stringify(written)} as ${stored}`, () => {
      expect(canonicalQuantity(written)).to.equal(stored);
    });
  }

  for (const wrong of ['', 'x', '1 Gi', '1KB', '1mi', '--1', '1e', '.', '1.2.3', 'Infinity']) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(() => canonicalQuantity(wrong)).to.throw(RangeError);
    });
  }

  it('is the same when spelled twice (property)', () => {
    const written = fc.tuple(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 0, max: 999 }),
      fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e2', 'E-1'),
    );
    fc.assert(
      fc.property(written, ([whole, fraction, suffix]) => {
        const once = canonicalQuantity(`${whole}.${fraction}${suffix}`);
        expect(canonicalQuantity(once)).to.equal(once);
      }),
    );
  });
});

describe('quantityToInteger', () => {
  const rows: readonly (readonly [written: string | number, units: number])[] = [
    ['16Mi', 16_777_216],
    [16_777_216, 16_777_216],
    ['1.5Mi', 1_572_864],
    ['10M', 10_000_000],
    ['1e6', 1_000_000],
    ['1500m', 2],
    ['0', 0],
  ];
  for (const [written, units] of rows) {
    it(`reads ${JSON.stringify(written)} as ${units}`, () => {
      expect(quantityToInteger(written)).to.equal(units);
    });
  }

  it('refuses a number that would not be exact', () => {
    expect(() => quantityToInteger('8E')).to.throw(RangeError);
  });
});
