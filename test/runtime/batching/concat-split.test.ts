import { expect } from 'chai';
import * as fc from 'fast-check';
import { concatFeeds, concatRows, isConcatenable, padRows } from '../../../runtime/batching/concat.ts';
import { sliceNamed, sliceRows, splitRows } from '../../../runtime/batching/split.ts';
import type { Tensor } from '../../../runtime/tensor/tensor.ts';
import { arbitraryTensor, DATATYPE_NAMES, matrix } from '../../support/tensors.ts';

const tail = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 });
const pieces = fc
  .record({
    datatype: fc.constantFrom(...DATATYPE_NAMES),
    tail,
    rowCounts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
  })
  .chain(({ datatype, tail, rowCounts }) =>
    fc.tuple(...rowCounts.map((rows) => arbitraryTensor(datatype, [rows, ...tail]))),
  );

describe('rows joined and split', () => {
  it('split(concat(x)) = x for every datatype, shape and number of rows', () => {
    fc.assert(
      fc.property(pieces, (tensors) => {
        const joined = concatRows(tensors);
        const counts = tensors.map(({ shape }) => shape[0] ?? 0);
        expect(joined.shape[0]).to.equal(counts.reduce((a, b) => a + b, 0));
        expect(splitRows(joined, counts)).to.deep.equal(tensors);
      }),
      { numRuns: 300 },
    );
  });

  it('pads with the last row, and the surplus splits off', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 6 }), (tensors, more) => {
        const [tensor] = tensors as [Tensor];
        const rows = tensor.shape[0] ?? 0;
        fc.pre(rows > 0);
        const padded = padRows(tensor, rows + more);
        expect(padded.shape).to.deep.equal([rows + more, ...tensor.shape.slice(1)]);
        expect(splitRows(padded, [rows])).to.deep.equal([tensor]);
        for (let row = rows; row < rows + more; row += 1) {
          expect(sliceRows(padded, row, 1)).to.deep.equal(sliceRows(tensor, rows - 1, 1));
        }
      }),
    );
  });

  it('joins requests input by input', () => {
    const a = new Map([['x', matrix([[1], [2]])], ['y', matrix([[5, 6], [7, 8]])]]); // prettier-ignore
    const b = new Map([
      ['y', matrix([[9, 10]])],
      ['x', matrix([[3]])],
    ]);
    const joined = concatFeeds([a, b]);
    expect(joined.get('x')).to.deep.equal(matrix([[1], [2], [3]]));
    expect(joined.get('y')).to.deep.equal(matrix([[5, 6], [7, 8], [9, 10]])); // prettier-ignore
    expect(sliceNamed(joined, 2, 1)).to.deep.equal(b);
  });

  it('copies what it joins, so that the parts stay with their owners', () => {
    const part = matrix([[1, 2]]);
    const joined = concatRows([part]);
    (joined.data as Float32Array)[0] = 99;
    expect(part.data[0]).to.equal(1);
  });

  const x = matrix([[1, 2]]);
  const cases: [name: string, other: Map<string, Tensor>, fits: boolean][] = [
    ['other rows of the same shape', new Map([['x', matrix([[1, 2], [3, 4]])]]), true],
    ['rows of another length', new Map([['x', matrix([[1, 2, 3]])]]), false],
    ['another rank', new Map([['x', { ...x, shape: [1, 2, 1] }]]), false],
    ['another datatype', new Map([['x', { ...x, datatype: 'FP64', data: Float64Array.of(1, 2) }]]), false],
    ['another name', new Map([['z', x]]), false],
    ['one input more', new Map([['x', x], ['z', x]]), false],
  ]; // prettier-ignore
  for (const [name, other, fits] of cases) {
    it(`${fits ? 'joins' : 'keeps apart'} ${name}`, () => {
      expect(isConcatenable(new Map([['x', x]]), other)).to.equal(fits);
      expect(isConcatenable(other, new Map([['x', x]]))).to.equal(fits);
    });
  }
});
