import { expect } from 'chai';
import * as fc from 'fast-check';
import { DONE, WorkQueue, type Outcome, type WorkQueueOptions } from '../../operator/work-queue.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

/** A run that the test ends when it likes. */
interface Pass {
  readonly key: string;
  end(outcome?: Outcome): Promise<void>;
}

function makeQueue(options: Partial<WorkQueueOptions<string>> = {}) {
  const clock = new FakeClock();
  const passes: Pass[] = [];
  const queue = new WorkQueue<string>({
    workers: 2,
    clock,
    random: () => 1 - Number.EPSILON,
    run: (key) => {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      passes.push({ key, end: (outcome = DONE) => (resolve(outcome), settle()) });
      return promise;
    },
    ...options,
  });
  return { queue, clock, passes, keys: () => passes.map((pass) => pass.key) };
}

describe('work queue', () => {
  it('runs nothing before start, and each key once however often it was added', async () => {
    const { queue, keys } = makeQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await settle();
    expect(keys()).to.deep.equal([]);
    expect(queue.depth).to.equal(2);
    queue.start();
    expect(keys()).to.deep.equal(['a', 'b']);
    expect(queue.depth).to.equal(0);
  });

  it('runs at most `workers` keys at once, the others in the order they were added', async () => {
    const { queue, passes, keys } = makeQueue({ workers: 2 });
    queue.start();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(keys()).to.deep.equal(['a', 'b']);
    await passes[1]!.end();
    expect(keys()).to.deep.equal(['a', 'b', 'c']);
  });

  it('never runs a key twice at once, and once more after a change in the middle of its run', async () => {
    const { queue, passes, keys } = makeQueue();
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(keys()).to.deep.equal(['a']);
    await passes[0]!.end();
    expect(keys()).to.deep.equal(['a', 'a']);
    await passes[1]!.end();
    expect(keys()).to.deep.equal(['a', 'a']);
  });

  it('lets lanes take turns, so that a storm in one does not starve another', async () => {
    const { queue, passes, keys } = makeQueue({ workers: 1, laneOf: (key) => key.slice(0, 1) });
    for (const key of ['x1', 'x2', 'x3', 'y1', 'y2']) queue.add(key);
    queue.start();
    for (let done = 0; done < 5; done += 1) await passes[done]!.end();
    expect(keys()).to.deep.equal(['x1', 'y1', 'x2', 'y2', 'x3']);
  });

  it('lets a key rest after a run that went well, and makes one run of all that came meanwhile', async () => {
    const { queue, clock, passes, keys } = makeQueue({ restMs: 100 });
    queue.start();
    queue.add('a');
    await passes[0]!.end();
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect(keys(), 'others do not wait').to.deep.equal(['a', 'b']);
    expect(queue.depth).to.equal(1);
    await clock.advance(99);
    expect(keys()).to.deep.equal(['a', 'b']);
    await clock.advance(1);
    expect(keys()).to.deep.equal(['a', 'b', 'a']);
    await passes[1]!.end();
    await passes[2]!.end();
    await clock.advance(1_000);
    queue.add('a');
    expect(keys(), 'after a quiet moment it runs at once').to.deep.equal(['a', 'b', 'a', 'a']);
  });

  it('does not let a change in the middle of a run pass by, and no rest delay the retry of a failure', async () => {
    const { queue, clock, passes, keys } = makeQueue({ restMs: 100 });
    queue.start();
    queue.add('a');
    queue.add('a');
    await passes[0]!.end();
    expect(keys()).to.deep.equal(['a']);
    await clock.advance(100);
    expect(keys()).to.deep.equal(['a', 'a']);
    await passes[1]!.end({ kind: 'retry' });
    await clock.advance(10);
    expect(keys()).to.deep.equal(['a', 'a', 'a']);
  });

  it('ends no rest after drain', async () => {
    const { queue, clock, passes, keys } = makeQueue({ restMs: 100 });
    queue.start();
    queue.add('a');
    queue.add('a');
    await passes[0]!.end();
    await queue.drain();
    await clock.advance(1_000);
    expect(keys()).to.deep.equal(['a']);
  });

  it('runs a key again after requeue', async () => {
    const { queue, clock, passes, keys } = makeQueue();
    queue.start();
    queue.add('a');
    await passes[0]!.end({ kind: 'requeue', afterMs: 5_000 });
    await clock.advance(4_999);
    expect(keys()).to.deep.equal(['a']);
    await clock.advance(1);
    expect(keys()).to.deep.equal(['a', 'a']);
  });

  it('lets a run in between take the place of the one asked for later', async () => {
    const { queue, clock, passes, keys } = makeQueue();
    queue.start();
    queue.add('a');
    await passes[0]!.end({ kind: 'requeue', afterMs: 5_000 });
    queue.add('a');
    await passes[1]!.end();
    await clock.advance(60_000);
    expect(keys()).to.deep.equal(['a', 'a']);
  });

  it('keeps the earliest of several delays', async () => {
    const { queue, clock, keys } = makeQueue();
    queue.start();
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 9_000);
    await clock.advance(1_000);
    expect(keys()).to.deep.equal(['a']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('doubles the delay with every failure in a row up to the cap, and forgets after a success', async () => {
    const { queue, clock, passes } = makeQueue({ backoffBaseMs: 100, backoffCapMs: 1_000 });
    queue.start();
    queue.add('a');
    const delaysMs: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      await passes[failure]!.end({ kind: 'retry' });
      delaysMs.push(Math.round(clock.nextTimerMs));
      await clock.advance(clock.nextTimerMs);
    }
    expect(delaysMs).to.deep.equal([100, 200, 400, 800, 1_000, 1_000]);
    await passes[6]!.end();
    queue.add('a');
    await passes[7]!.end({ kind: 'retry' });
    expect(Math.round(clock.nextTimerMs)).to.equal(100);
  });

  it('waits as long as the server asked for', async () => {
    const { queue, clock, passes } = makeQueue({ backoffBaseMs: 100 });
    queue.start();
    queue.add('a');
    await passes[0]!.end({ kind: 'retry', notBeforeMs: 30_000 });
    expect(clock.nextTimerMs).to.equal(30_000);
  });

  it('runs what waits after a failure at once when its cause is over, and nothing else', async () => {
    const { queue, clock, passes, keys } = makeQueue({ backoffBaseMs: 10_000 });
    queue.start();
    queue.add('failed');
    queue.add('well');
    await passes[0]!.end({ kind: 'retry' });
    await passes[1]!.end({ kind: 'requeue', afterMs: 10_000 });
    queue.retryNow();
    expect(keys()).to.deep.equal(['failed', 'well', 'failed']);
    expect(clock.pendingTimers).to.equal(1);
  });

  it('takes a rejected run for a failure', async () => {
    const { queue, clock } = makeQueue({ run: () => Promise.reject(new Error('a bug')) });
    queue.start();
    queue.add('a');
    await settle();
    expect(clock.pendingTimers).to.equal(1);
  });

  it('drains: no run starts, those under way end first, nothing is left behind', async () => {
    const { queue, clock, passes, keys } = makeQueue({ workers: 1 });
    queue.start();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    let drained = false;
    const draining = queue.drain().then(() => (drained = true));
    await clock.advance(1_000);
    expect(drained).to.equal(false);
    await passes[0]!.end({ kind: 'retry' });
    await draining;
    queue.add('d');
    await clock.advance(600_000);
    expect(keys()).to.deep.equal(['a']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('refuses a number of workers that would run nothing', () => {
    expect(() => makeQueue({ workers: 0 })).to.throw(RangeError, 'workers: expected at least 1, got 0');
  });

  it('loses no change whatever the order of adds, ends and time (property)', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('end' as const),
          at: fc.nat(7),
          outcome: fc.constantFrom<Outcome>(DONE, { kind: 'retry' }, { kind: 'requeue', afterMs: 50 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(200) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
        /** Keys with a change that no run has begun after. */
        const unseen = new Set<string>();
        const open: { key: string; end: (outcome: Outcome) => void }[] = [];
        const clock = new FakeClock();
        const queue = new WorkQueue<string>({
          workers,
          clock,
          run: (key) => {
            expect(open.map((pass) => pass.key)).not.to.include(key);
            expect(open.length).to.be.lessThan(workers);
            unseen.delete(key);
            const { promise, resolve } = Promise.withResolvers<Outcome>();
            open.push({ key, end: resolve });
            return promise;
          },
        });
        queue.start();
        for (const step of steps) {
          if (step.do === 'add') {
            unseen.add(step.key);
            queue.add(step.key);
          } else if (step.do === 'wait') {
            await clock.advance(step.ms);
          } else if (open.length > 0) {
            open.splice(step.at % open.length, 1)[0]!.end(step.outcome);
            await settle();
          }
        }
        for (let rounds = 0; open.length > 0 && rounds < 100; rounds += 1) {
          open.shift()!.end(DONE);
          await settle();
        }
        expect([...unseen]).to.deep.equal([]);
        expect(queue.depth).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });
});
