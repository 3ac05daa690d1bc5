import { expect } from 'chai';
import { ConflictError, TransientError } from '../../operator/errors.ts';
import type { Logger } from '../../operator/log.ts';
import { makeRunPass } from '../../operator/run-pass.ts';
import { DONE, type Outcome } from '../../operator/work-queue.ts';
import { FakeClock } from '../support/fake-clock.ts';

interface Row {
  readonly name: string;
  readonly reconcile: () => Promise<Outcome>;
  readonly outcome: Outcome;
  readonly counted: string;
  /** Level of the line of the first and the second time. */
  readonly logged: readonly [string | undefined, string | undefined];
}

const ROWS: readonly Row[] = [
  { name: 'done', reconcile: async () => DONE, outcome: DONE, counted: 'done', logged: [undefined, undefined] },
  {
    name: 'requeue',
    reconcile: async () => ({ kind: 'requeue', afterMs: 5 }),
    outcome: { kind: 'requeue', afterMs: 5 },
    counted: 'requeue',
    logged: [undefined, undefined],
  },
  {
    name: 'a conflict is silent',
    reconcile: () => Promise.reject(new ConflictError('409')),
    outcome: { kind: 'retry' },
    counted: 'conflict',
    logged: ['debug', 'debug'],
  },
  {
    name: 'a transient failure is told once, and waits as long as the server asked',
    reconcile: () => Promise.reject(new TransientError('429', { retryAfterMs: 2_000 })),
    outcome: { kind: 'retry', notBeforeMs: 2_000 },
    counted: 'transient',
    logged: ['warn', 'debug'],
  },
  {
    name: 'a bug is told every time',
    reconcile: () => Promise.reject(new TypeError('undefined is not a function')),
    outcome: { kind: 'retry' },
    counted: 'bug',
    logged: ['error', 'error'],
  },
];

describe('runPass', () => {
  for (const { name, reconcile, outcome, counted, logged } of ROWS) {
    it(name, async () => {
      const lines: string[] = [];
      const counts: string[] = [];
      const log: Logger = {
        debug: () => lines.push('debug'),
        info: () => lines.push('info'),
        warn: () => lines.push('warn'),
        error: () => lines.push('error'),
      };
      const runPass = makeRunPass({
        reconcile,
        countPass: (outcome) => counts.push(outcome),
        clock: new FakeClock(),
        log,
      });
      expect(await runPass('a/b')).to.deep.equal(outcome);
      expect(await runPass('a/b')).to.deep.equal(outcome);
      expect(lines).to.deep.equal(logged.filter(Boolean));
      expect(counts).to.deep.equal([counted, counted]);
    });
  }
});
