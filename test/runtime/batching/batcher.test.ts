import { expect } from 'chai';
import * as fc from 'fast-check';
import { Batcher, type BatcherSettings, type RunFacts } from '../../../runtime/batching/batcher.ts';
import type { Clock } from '../../../runtime/batching/clock.ts';
import type { BatchRequest } from '../../../runtime/batching/pending-request.ts';
import { RequestError } from '../../../runtime/errors.ts';
import type { NamedTensors, Tensor } from '../../../runtime/tensor/tensor.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { matrix } from '../../support/tensors.ts';
import { rejectionOf } from '../../support/thrown.ts';

/** A clock whose turns of the event loop are taken by hand. */
class TurnClock extends FakeClock implements Clock {
  #turns: (() => void)[] = [];
  #elapsedMs = 0;

  override now(): number {
    return super.now() + this.#elapsedMs;
  }

  /** Time passes while the thread is busy. */
  elapse(byMs: number): void {
    this.#elapsedMs += byMs;
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback);
  }

  get turnsAsked(): number {
    return this.#turns.length;
  }

  /** Takes the next turn, and lets what follows from it settle. */
  async turn(): Promise<void> {
    this.#turns.splice(0).forEach((callback) => callback());
    await settle();
  }

  /** Takes turns until nobody asks for one. */
  async turns(): Promise<void> {
    await settle();
    while (this.#turns.length > 0) await this.turn();
  }
}

interface Run {
  readonly x: Tensor;
  readonly outputs: readonly string[];
}

/**
 * A model of one input `x` [N,F] with outputs `sum` [N,1] (of the row), `twice` [N,F] and `constant` [3]. It refuses rows that hold -1 and
 * crashes on rows that hold -2. Every run takes 10 ms unless told otherwise.
 */
class SummingModel {
  readonly runs: Run[] = [];
  readonly #clock: TurnClock;
  /** Runs end when told to, in order; undefined: at once. */
  held: (() => void)[] | undefined;
  runMs = 10;

  constructor(clock: TurnClock) {
    this.#clock = clock;
  }

  readonly run = async (feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> => {
    const x = feeds.get('x') ?? matrix([]);
    this.runs.push({ x, outputs });
    this.#clock.elapse(this.runMs);
    const { held } = this;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    const values = [...(x.data as Float32Array)];
    if (values.includes(-1)) throw new RequestError('InvalidInput', 'the model refuses -1');
    if (values.includes(-2)) throw new Error('crash');
    if (values.includes(-3)) throw new RequestError('ModelNotReady', 'loading');
    return new Map(outputs.map((name) => [name, this.#output(name, x, values)]));
  };

  #output(name: string, x: Tensor, values: readonly number[]): Tensor {
    const [rows = 0, width = 0] = x.shape;
    if (name === 'constant') return { datatype: 'FP32', shape: [3], data: Float32Array.of(7, 8, 9) };
    if (name === 'twice') return { ...x, data: Float32Array.from(values, (value) => 2 * value) };
    const sums = Array.from({ length: rows }, (_, row) => [
      values.slice(row * width, (row + 1) * width).reduce((a, b) => a + b, 0),
    ]);
    return { datatype: 'FP32', shape: [rows, 1], data: Float32Array.from(sums.flat()) };
  }

  get rowCounts(): number[] {
    return this.runs.map(({ x }) => x.shape[0] ?? 0);
  }
}

const rows = (values: readonly (readonly number[])[], outputs: readonly string[] = ['sum']): BatchRequest => ({
  feeds: new Map([['x', matrix(values)]]),
  rows: values.length,
  outputs,
  isRowwise: true,
});

/** `count` rows `[first], [first + 1], ...`. */
const column = (count: number, first = 0): BatchRequest => rows(Array.from({ length: count }, (_, i) => [first + i]));

function makeBatcher(settings: Partial<BatcherSettings> = {}): {
  clock: TurnClock;
  model: SummingModel;
  batcher: Batcher;
  facts: RunFacts[];
} {
  const clock = new TurnClock(0);
  const model = new SummingModel(clock);
  const facts: RunFacts[] = [];
  const onRun = (run: RunFacts): void => void facts.push(run);
  const batcher = new Batcher(model.run, { maxRows: 8, maxQueuedRows: 100, onRun, ...settings }, clock);
  return { clock, model, batcher, facts };
}

const sums = async (answer: Promise<NamedTensors>): Promise<number[]> => {
  const { data } = (await answer).get('sum')!;
  return [...(data as Float32Array)];
};

describe('Batcher', () => {
  it('runs what waits in one turn as one batch, and gives everyone their own rows', async () => {
    const { clock, model, batcher, facts } = makeBatcher();
    const answers = [batcher.run(rows([[1, 2]])), batcher.run(rows([[3, 4], [5, 6]])), batcher.run(rows([[7, 8]]))]; // prettier-ignore
    expect(model.runs).to.have.length(0);
    await clock.turn();
    expect(await Promise.all(answers.map(sums))).to.deep.equal([[3], [7, 11], [15]]);
    expect(model.rowCounts).to.deep.equal([4]);
    expect(facts).to.deep.equal([{ requests: 3, rows: 4, runMs: 10, waitMs: 0 }]);
  });

  it('runs a lone request on the very next turn', async () => {
    const { clock, model, batcher } = makeBatcher();
    for (let request = 1; request <= 3; request += 1) {
      const answer = batcher.run(rows([[request, 1]]));
      expect(clock.turnsAsked).to.equal(1);
      await clock.turn();
      expect(await sums(answer)).to.deep.equal([request + 1]);
      expect(model.runs).to.have.length(request);
    }
    expect(clock.pendingTimers).to.equal(0);
  });

  it('hands over the feeds of a request that runs alone as they are', async () => {
    const { clock, model, batcher } = makeBatcher();
    const request = rows([[1, 2]]);
    const answer = batcher.run(request);
    await clock.turn();
    await answer;
    expect(model.runs[0]?.x).to.equal(request.feeds.get('x'));
  });

  it('collects during a run what arrives, for the next', async () => {
    const { clock, model, batcher } = makeBatcher();
    model.held = [];
    const first = batcher.run(column(1));
    await clock.turn();
    const others = [1, 2, 3].map((value) => batcher.run(column(1, value)));
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([1]);
    model.held.shift()?.();
    await first;
    model.held = undefined;
    await clock.turns();
    expect(await Promise.all(others.map(sums))).to.deep.equal([[1], [2], [3]]);
    expect(model.rowCounts).to.deep.equal([1, 3]);
  });

  it('never mixes outputs or shapes of a row, and keeps the rest in order', async () => {
    const { clock, model, batcher } = makeBatcher();
    const wanted: [BatchRequest, string][] = [
      [rows([[1]]), 'sum'],
      [rows([[1, 1]]), 'sum'],
      [rows([[2]], ['twice']), 'twice'],
      [rows([[3]]), 'sum'],
      [rows([[2, 2]]), 'sum'],
      [rows([[4]], ['twice', 'sum']), 'sum'],
    ];
    const answers = wanted.map(([request]) => batcher.run(request));
    await clock.turns();
    const results = await Promise.all(answers);
    expect(results.map((result, index) => [...(result.get(wanted[index]![1])?.data ?? [])])).to.deep.equal([
      [1], [2], [4], [3], [4], [4],
    ]); // prettier-ignore
    expect(model.runs.map(({ x, outputs }) => [x.shape.join(), outputs.join()])).to.deep.equal([
      ['2,1', 'sum'],
      ['2,2', 'sum'],
      ['1,1', 'twice'],
      ['1,1', 'twice,sum'],
    ]);
  });

  it('fills a run up to maxRows, with later requests where an earlier one does not fit', async () => {
    const { clock, model, batcher } = makeBatcher({ maxRows: 8 });
    const answers = [column(5), column(4, 10), column(3, 20), column(4, 30)].map((request) => batcher.run(request));
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([8, 8]);
    expect(await Promise.all(answers.map(sums))).to.deep.equal([
      [0, 1, 2, 3, 4],
      [10, 11, 12, 13],
      [20, 21, 22],
      [30, 31, 32, 33],
    ]);
  });

  for (const [name, runMs, expected] of [
    ['no more than a full batch while that takes long', 10, [64, 64, 64, 64, 44]],
    ['more rows as long as they take no longer than some milliseconds', 2, [64, 128, 108]],
    ['as many as maxRows when they are very quick', 0.01, [64, 200, 36]],
  ] as const) {
    it(`takes ${name}`, async () => {
      const { clock, model, batcher } = makeBatcher({ maxRows: 200, maxQueuedRows: 1000 });
      model.runMs = runMs;
      const answers = Array.from({ length: 300 }, (_, row) => batcher.run(column(1, row)));
      await clock.turns();
      expect(await Promise.all(answers.map(sums))).to.deep.equal(answers.map((_, row) => [row]));
      expect(model.rowCounts).to.deep.equal(expected);
    });
  }

  it('begins a full run ahead for a session on another thread, never one that others could still join', async () => {
    const { clock, model, batcher, facts } = makeBatcher({ runsAhead: true });
    model.held = [];
    const answers = [batcher.run(column(8)), batcher.run(column(8, 10)), batcher.run(column(7, 20))];
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([8, 8]);
    model.held.shift()?.();
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([8, 8]);
    // Two rows fill the run that has waited.
    answers.push(batcher.run(column(1, 30)));
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([8, 8, 8]);
    for (const end of model.held) end();
    await clock.turns();
    expect((await Promise.all(answers.map(sums))).map(([first]) => first)).to.deep.equal([0, 10, 20, 30]);
    // The clock stood still while they waited for each other: the second has taken no time of its own.
    expect(facts.map(({ rows }) => rows)).to.deep.equal([8, 8, 8]);
  });

  it('counts the time of a run begun ahead from the end of the one before it', async () => {
    const { clock, model, batcher, facts } = makeBatcher({ runsAhead: true });
    model.held = [];
    model.runMs = 0;
    const answers = [batcher.run(column(8)), batcher.run(column(8, 10))];
    await clock.turns();
    for (const ms of [30, 20]) {
      clock.elapse(ms);
      model.held.shift()?.();
      await settle();
    }
    await Promise.all(answers);
    expect(facts.map(({ runMs }) => runMs)).to.deep.equal([30, 20]);
  });

  it('cuts a large request into runs, and lets small ones in between', async () => {
    const { clock, model, batcher } = makeBatcher({ maxRows: 4 });
    const finished: string[] = [];
    const large = batcher.run(column(11)).finally(() => finished.push('large'));
    const small = batcher.run(column(2, 50)).finally(() => finished.push('small'));
    await clock.turns();
    expect(model.rowCounts).to.deep.equal([4, 2, 4, 3]);
    expect(finished).to.deep.equal(['small', 'large']);
    expect(await sums(large)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await sums(small)).to.deep.equal([50, 51]);
    expect(batcher.queuedRows).to.equal(0);
  });

  it('runs as many batches at a time as there are workers', async () => {
    const { clock, model, batcher } = makeBatcher({ maxRows: 2, maxConcurrentRuns: 3 });
    model.held = [];
    const answers = [0, 2, 4, 6].map((first) => batcher.run(column(2, first)));
    await clock.turns();
    expect(model.runs).to.have.length(3);
    model.held.splice(0).reverse().forEach((end) => end()); // prettier-ignore
    model.held = undefined;
    await settle();
    await clock.turns();
    expect(await Promise.all(answers.map(sums))).to.deep.equal([[0, 1], [2, 3], [4, 5], [6, 7]]); // prettier-ignore
  });

  it('gives a model of a fixed number of rows exactly that many', async () => {
    const { clock, model, batcher } = makeBatcher({ fixedRows: 4 });
    const answers = [column(1, 7), column(6)].map((request) => batcher.run(request));
    await clock.turns();
    expect(await Promise.all(answers.map(sums))).to.deep.equal([[7], [0, 1, 2, 3, 4, 5]]);
    expect(model.rowCounts).to.deep.equal([4, 4, 4]);
    expect([...(model.runs[0]?.x.data ?? [])]).to.deep.equal([7, 7, 7, 7]);
  });

  it('runs what has no rows one by one and whole', async () => {
    const { clock, model, batcher } = makeBatcher({ maxRows: 2 });
    const whole = (value: number): BatchRequest => ({
      ...rows([[value], [value], [value]], ['constant']),
      isRowwise: false,
    });
    const answers = [whole(1), whole(2)].map((request) => batcher.run(request));
    await clock.turns();
    for (const answer of await Promise.all(answers))
      expect([...(answer.get('constant')?.data ?? [])]).to.deep.equal([7, 8, 9]);
    expect(model.rowCounts).to.deep.equal([3, 3]);
  });

  describe('when something fails', () => {
    it('refuses only the bad request, and answers its neighbours', async () => {
      const { clock, model, batcher } = makeBatcher();
      const answers = [column(1, 5), rows([[-1]]), column(2, 6), rows([[-2]])].map((request) => batcher.run(request));
      const outcomes = Promise.allSettled(answers.map(sums));
      await clock.turns();
      expect(
        (await outcomes).map((outcome) =>
          outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message,
        ),
      ).to.deep.equal([[5], 'the model refuses -1', [6, 7], 'crash']);
      expect(model.rowCounts).to.deep.equal([5, 1, 1, 2, 1]);
    });

    it('does not ask again when no request is to blame', async () => {
      const { clock, model, batcher } = makeBatcher();
      const answers = [column(1), rows([[-3]])].map((request) => rejectionOf(RequestError, batcher.run(request)));
      await clock.turns();
      expect((await Promise.all(answers)).map(({ code }) => code)).to.deep.equal(['ModelNotReady', 'ModelNotReady']);
      expect(model.runs).to.have.length(1);
    });

    it('fails a cut request as a whole, once, and runs no more of it', async () => {
      const { clock, model, batcher } = makeBatcher({ maxRows: 1 });
      const failed = rejectionOf(RequestError, batcher.run(rows([[1], [-1], [2], [3]])));
      const other = batcher.run(column(1, 9));
      await clock.turns();
      expect((await failed).message).to.equal('the model refuses -1');
      expect(await sums(other)).to.deep.equal([9]);
      expect(model.rowCounts).to.deep.equal([1, 1, 1]);
      expect(batcher.queuedRows).to.equal(0);
    });

    it('does not cut outputs that have no rows: neighbours are asked for again, one by one', async () => {
      const { clock, model, batcher } = makeBatcher();
      const answers = [rows([[1]], ['constant']), rows([[2]], ['constant'])].map((request) => batcher.run(request));
      await clock.turns();
      for (const answer of await Promise.all(answers)) expect(answer.get('constant')?.shape).to.deep.equal([3]);
      expect(model.rowCounts).to.deep.equal([2, 1, 1]);
    });
  });

  describe('admission', () => {
    it('refuses rows beyond maxQueuedRows, with the seconds that the queue will take', async () => {
      const { clock, batcher } = makeBatcher({ maxRows: 1, maxQueuedRows: 400 });
      const first = batcher.run(column(1));
      await clock.turn();
      await first;
      const waiting = batcher.run(column(399));
      // One row in 10 ms has been seen.
      const refused = await rejectionOf(RequestError, batcher.run(column(2)));
      expect([refused.code, refused.status, refused.retryAfterSeconds, refused.message]).to.deep.equal([
        'Overloaded',
        429,
        4,
        '399 rows are waiting and 400 may; try again in 4 s',
      ]);
      expect(batcher.refusalOf(1)).to.equal(undefined);
      expect(batcher.refusalOf(2)?.code).to.equal('Overloaded');
      await clock.turns();
      expect(await sums(waiting)).to.have.length(399);
      expect(batcher.queuedRows).to.equal(0);
    });

    it('lets a request larger than the queue in when nothing waits', async () => {
      const { clock, batcher } = makeBatcher({ maxQueuedRows: 10 });
      const answer = batcher.run(column(30));
      await clock.turns();
      expect(await sums(answer)).to.have.length(30);
    });

    it('asks to come back in one second before anything was measured', async () => {
      const { clock, batcher } = makeBatcher({ maxQueuedRows: 1 });
      const answer = batcher.run(column(1));
      expect((await rejectionOf(RequestError, batcher.run(column(1)))).retryAfterSeconds).to.equal(1);
      await clock.turns();
      await answer;
    });
  });

  describe('deadlines and clients that leave', () => {
    it('drops what is past its deadline before it is computed', async () => {
      const { clock, model, batcher } = makeBatcher();
      model.held = [];
      const first = batcher.run(column(1));
      await clock.turn();
      const late = rejectionOf(RequestError, batcher.run(column(3), { deadlineMs: 500 }));
      const patient = batcher.run(column(1, 5), { deadlineMs: 5000 });
      await clock.advance(489);
      expect(batcher.queuedRows).to.equal(4);
      await clock.advance(1);
      const error = await late;
      expect([error.code, error.status]).to.deep.equal(['DeadlineExceeded', 504]);
      expect(batcher.queuedRows).to.equal(1);
      model.held.shift()?.();
      model.held = undefined;
      await first;
      await clock.turns();
      expect(await sums(patient)).to.deep.equal([5]);
      expect(model.rowCounts).to.deep.equal([1, 1]);
    });

    it('answers at the deadline though the run goes on', async () => {
      const { clock, model, batcher } = makeBatcher();
      model.held = [];
      const answer = rejectionOf(RequestError, batcher.run(column(1), { deadlineMs: 100 }));
      await clock.turn();
      await clock.advance(100);
      expect((await answer).code).to.equal('DeadlineExceeded');
      model.held.shift()?.();
    });

    it('refuses at once what comes too late', async () => {
      const { clock, model, batcher } = makeBatcher();
      await clock.advance(50);
      const error = await rejectionOf(RequestError, batcher.run(column(1), { deadlineMs: 50 }));
      expect(error.code).to.equal('DeadlineExceeded');
      await clock.turns();
      expect(model.runs).to.have.length(0);
    });

    it('watches any number of deadlines with one timer, which ends with them', async () => {
      const { clock, batcher } = makeBatcher({ maxRows: 1000, maxQueuedRows: 1000 });
      const answers = Array.from({ length: 100 }, (_, index) => batcher.run(column(1), { deadlineMs: 1000 + index }));
      expect(clock.pendingTimers).to.equal(1);
      await clock.turns();
      await Promise.all(answers);
      await clock.advance(2000);
      expect(clock.pendingTimers).to.equal(0);
    });

    it('does not compute for a client that has gone', async () => {
      const { clock, model, batcher } = makeBatcher();
      const client = new AbortController();
      const gone = rejectionOf(RequestError, batcher.run(column(2), { signal: client.signal }));
      const other = batcher.run(column(1, 5), { signal: new AbortController().signal });
      client.abort();
      expect((await gone).code).to.equal('DeadlineExceeded');
      expect(batcher.queuedRows).to.equal(1);
      await clock.turns();
      expect(await sums(other)).to.deep.equal([5]);
      expect(model.rowCounts).to.deep.equal([1]);
      const late = rejectionOf(RequestError, batcher.run(column(2), { signal: client.signal }));
      await clock.turns();
      expect((await late).message).to.equal('the client has gone');
      expect(model.rowCounts).to.deep.equal([1]);
    });
  });

  it('gives every request what it would get alone, whatever it waits with', async () => {
    const request = fc.record({
      values: fc.integer({ min: 1, max: 3 }).chain((width) =>
        fc.array(fc.array(fc.integer({ min: -1, max: 9 }), { minLength: width, maxLength: width }), {
          minLength: 1,
          maxLength: 9,
        }),
      ),
      outputs: fc.constantFrom(['sum'], ['twice'], ['sum', 'twice']),
      turnBefore: fc.boolean(),
    });
    const settings = fc.record({
      maxRows: fc.integer({ min: 1, max: 10 }),
      maxConcurrentRuns: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), settings, async (requests, settings) => {
        const { clock, model, batcher } = makeBatcher({ ...settings, maxQueuedRows: 1000 });
        const outcomes: Promise<PromiseSettledResult<NamedTensors>[]>[] = [];
        for (const { values, outputs, turnBefore } of requests) {
          if (turnBefore) await clock.turn();
          outcomes.push(Promise.allSettled([batcher.run(rows(values, outputs))]));
        }
        await clock.turns();
        const alone = new SummingModel(new TurnClock(0));
        for (const [index, outcome] of (await Promise.all(outcomes)).flat().entries()) {
          const { values, outputs } = requests[index]!;
          const [expected] = await Promise.allSettled([alone.run(new Map([['x', matrix(values)]]), outputs)]);
          if (expected.status === 'fulfilled') expect(outcome).to.deep.equal(expected);
          else expect(outcome.status).to.equal('rejected');
        }
        expect(Math.max(...model.rowCounts)).to.be.at.most(settings.maxRows);
        expect(batcher.queuedRows).to.equal(0);
      }),
      { numRuns: 150 },
    );
  });
});
