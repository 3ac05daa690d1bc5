import { expect } from 'chai';
import { chooseThread } from '../../../runtime/session/open-session.ts';
import type { TrialReport } from '../../../runtime/session/trial.ts';

const TRIAL: TrialReport = {
  loadMs: 1,
  oneRowMs: 0.1,
  fullBatchMs: 1,
  feedsIndex: 0,
  refusal: undefined,
};

describe('chooseThread', () => {
  for (const [name, report, thread] of [
    ['quick', {}, 'Main'],
    ['quick, without batches', { fullBatchMs: undefined }, 'Main'],
    ['slow for one row', { oneRowMs: 0.6 }, 'Worker'],
    ['slow for a full batch', { fullBatchMs: 6 }, 'Worker'],
    ['unknown', { oneRowMs: undefined, fullBatchMs: undefined }, 'Worker'],
  ] as const) {
    it(`puts a model that is ${name} on ${thread}`, () => {
      expect(chooseThread({ ...TRIAL, ...report })).to.equal(thread);
    });
  }
});
