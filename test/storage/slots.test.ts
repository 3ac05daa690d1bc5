import { expect } from 'chai';
import { Slots } from '../../storage/slots.ts';

describe('Slots', () => {
  it('lets so many run, hands a slot on in order, and after failures', async () => {
    const slots = new Slots(2);
    const began: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const runs = ends.map(({ promise }, index) =>
      slots.run(() => {
        began.push(index);
        return promise;
      }),
    );
    expect(began).to.deep.equal([0, 1]);
    ends[1]!.reject(new Error('no'));
    expect(await runs[1]!.catch(String)).to.equal('Error: no');
    await Promise.resolve();
    expect(began).to.deep.equal([0, 1, 2]);
    for (const [index, end] of ends.entries()) end.resolve(index);
    expect(await Promise.all(runs.toSpliced(1, 1))).to.deep.equal([0, 2, 3, 4]);
    expect(began).to.deep.equal([0, 1, 2, 3, 4]);
  });
});
