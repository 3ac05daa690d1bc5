import { expect } from 'chai';
import { REASONS } from '../../../operator/api/model-deployment.ts';
import { FAULT_MATRIX } from '../../e2e/fault-matrix.ts';

/** The cases themselves need a cluster: `make test-e2e`. */
describe('the table of faults on a real cluster', () => {
  for (const reason of Object.keys(REASONS) as (keyof typeof REASONS)[]) {
    it(`brings about ${reason}`, () => {
      expect(FAULT_MATRIX[reason]).to.not.equal(undefined).and.to.not.have.length(0);
    });
  }

  it('gives every case a name of its own', () => {
    const names = Object.values(FAULT_MATRIX).flatMap((faults) => faults.map(({ name }) => name));
    expect(new Set(names).size).to.equal(names.length);
  });
});
