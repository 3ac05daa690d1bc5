import { expect } from 'chai';
import { chooseThread } from '../../../runtime/session/choose-thread.ts';

const QUICK = { oneRowMs: 0.1, fullBatchMs: 1 };

describe('chooseThread', () => {
  for (const [name, report, thread] of [
    ['quick', {}, 'Main'],
    ['quick, without batches', { fullBatchMs: undefined }, 'Main'],
    ['slow for one row', { oneRowMs: 0.6 }, 'Worker'],
    ['slow for a full batch', { fullBatchMs: 6 }, 'Worker'],
    ['unknown', { oneRowMs: undefined, fullBatchMs: undefined }, 'Worker'],
  ] as const) {
    it(`puts a model that is ${name} on ${thread}`, () => {
      expect(chooseThread({ ...QUICK, ...report })).to.equal(thread);
    });
  }
});
