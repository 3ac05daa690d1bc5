import { expect } from 'chai';
import * as fc from 'fast-check';
import { elementCount, fitsShape, formatShape, stridesOf } from '../../../runtime/tensor/shape.ts';

describe('shapes', () => {
  const cases: [name: string, shape: number[], spec: number[] | undefined, fits: boolean][] = [
    ['equal', [2, 4], [2, 4], true],
    ['a free batch axis', [9, 4], [-1, 4], true],
    ['all free', [0, 3], [-1, -1], true],
    ['unknown rank', [1, 2, 3], undefined, true],
    ['scalar for scalar', [], [], true],
    ['another length', [9, 5], [-1, 4], false],
    ['a dimension too few', [4], [-1, 4], false],
    ['a dimension too many', [1, 1, 4], [-1, 4], false],
    ['a vector for a scalar', [1], [], false],
  ];
  for (const [name, shape, spec, fits] of cases) {
    it(`${name}: ${formatShape(shape)} ${fits ? 'fits' : 'does not fit'} ${formatShape(spec)}`, () => {
      expect(fitsShape(shape, spec)).to.equal(fits);
    });
  }

  it('counts elements, 1 for a scalar', () => {
    expect([[], [0, 4], [2, 3, 4]].map(elementCount)).to.deep.equal([1, 0, 24]);
  });

  it('has strides that reach every element exactly once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
        const strides = stridesOf(shape);
        let offsets = [0];
        shape.forEach((dimension, axis) => {
          offsets = offsets.flatMap((offset) =>
            Array.from({ length: dimension }, (_, index) => offset + index * (strides[axis] ?? Number.NaN)),
          );
        });
        expect(offsets).to.deep.equal(Array.from({ length: elementCount(shape) }, (_, index) => index));
      }),
    );
  });
});
