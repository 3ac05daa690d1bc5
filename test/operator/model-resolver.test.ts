import { expect } from 'chai';
import type { ModelResolution } from '../../operator/api/resolution.ts';
import { SETTLE_MS } from '../../operator/followed-path.ts';
import { ModelResolver, type ModelQuery, type ModelResolverOptions } from '../../operator/model-resolver.ts';
import { StorageError, type ModelStat, type ModelStore } from '../../storage/model-store.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const PATH = 'gs://models/iris/model.onnx';
const FOLDER = 'gs://models/iris/';
const POLL_MS = 60_000;

/** What storage does when it is asked: answer, fail, or hang. */
type Behaviour = ModelStat | Error | 'hang';

const stat = (generation: string, files = 1): ModelStat => ({
  generation,
  sizeBytes: 1_000,
  files: Array.from({ length: files }, (_, index) => ({ name: `${index}`, generation, sizeBytes: 1_000 / files })),
});
/** What an operator before this one was told. */
const lastKnown = {
  kind: 'resolved',
  generation: '7',
  sizeBytes: 1_000,
  resolvedAt: '2025-12-31T00:00:00Z',
} as const;
const unavailable = new StorageError('StorageUnavailable', 'storage answers 503');
const notFound = new StorageError('ModelNotFound', 'no such object');
const denied = new StorageError('ModelAccessDenied', 'the operator may not read the bucket');

function makeResolver(behaviour: Behaviour) {
  const clock = new FakeClock();
  const asked: { path: string; generation: string | undefined }[] = [];
  const changed: string[] = [];
  const storage = { behaviour };
  const store: ModelResolverOptions['store'] & { statTogether?: ModelStore['statTogether'] } = {
    stat: async (path, options) => {
      asked.push({ path: JSON.stringify(path), generation: options?.generation });
      const { behaviour } = storage;
      if (behaviour === 'hang') return new Promise(() => {});
      await settle();
      if (behaviour instanceof Error) throw behaviour;
      return behaviour;
    },
  };
  const resolver = new ModelResolver({
    clock,
    random: () => 1,
    pollIntervalMs: POLL_MS,
    onChange: (key) => changed.push(key),
    store,
  });
  const resolve = (key: string, query: Partial<ModelQuery> = {}): Promise<ModelResolution> =>
    resolver.resolve(`a/${key}`, {
      path: PATH,
      generation: undefined,
      resolveNow: undefined,
      pollIntervalMs: undefined,
      ...query,
    });
  return { resolver, resolve, clock, storage, store, asked, changed };
}

describe('model resolver', () => {
  it('asks once for all objects that name the path, and answers at once from then on', async () => {
    const { resolve, asked, changed } = makeResolver(stat('7'));
    const answers = await Promise.all(['x', 'y', 'z'].map((key) => resolve(key)));
    const resolved = { kind: 'resolved', generation: '7', sizeBytes: 1_000, resolvedAt: '2026-01-01T00:00:00Z' };
    expect(answers).to.deep.equal([resolved, resolved, resolved]);
    expect(await resolve('x')).to.deep.equal(resolved);
    expect(asked).to.have.lengthOf(1);
    expect(changed).to.deep.equal([]);
  });

  for (const [name, byMs] of [
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ] as const) {
    it(`asks in the same rhythm when the time of day is set ${name}`, async () => {
      const { resolve, clock, asked } = makeResolver(stat('7'));
      await resolve('x');
      clock.jump(byMs);
      await clock.advance(POLL_MS / 2);
      expect(asked).to.have.lengthOf(1);
      await clock.advance(2 * POLL_MS);
      expect(asked).to.have.lengthOf(3);
    });
  }

  it('keeps one timer for all paths', async () => {
    const { resolve, clock } = makeResolver(stat('7'));
    for (const name of ['one', 'two', 'three']) await resolve(name, { path: `gs://${name}/model.onnx` });
    expect(clock.pendingTimers).to.equal(1);
  });

  it('notices a new generation within the poll interval and tells every object', async () => {
    const { resolve, clock, storage, changed } = makeResolver(stat('7'));
    await Promise.all([resolve('x'), resolve('y')]);
    storage.behaviour = stat('8');
    await clock.advance(POLL_MS);
    expect(changed).to.deep.equal(['a/x', 'a/y']);
    expect(await resolve('x')).to.include({ generation: '8', resolvedAt: '2026-01-01T00:01:00Z' });
  });

  it('is silent while nothing changes, and keeps the time at which a generation was first seen', async () => {
    const { resolve, clock, asked, changed } = makeResolver(stat('7'));
    await resolve('x');
    await clock.advance(5 * POLL_MS);
    expect(asked).to.have.lengthOf(6);
    expect(changed).to.deep.equal([]);
    expect(await resolve('x')).to.include({ resolvedAt: '2026-01-01T00:00:00Z' });
  });

  it('asks again at once when resolve-now changes, and not when it stays', async () => {
    const { resolve, storage, asked } = makeResolver(stat('7'));
    await resolve('x', { resolveNow: '1' });
    storage.behaviour = stat('8');
    expect(await resolve('x', { resolveNow: '1' })).to.include({ generation: '7' });
    expect(await resolve('x', { resolveNow: '2' })).to.include({ generation: '8' });
    expect(asked).to.have.lengthOf(2);
  });

  it('takes what was known before it started, and looks it up some seconds later', async () => {
    const { resolve, clock, storage, asked, changed } = makeResolver(stat('7'));
    expect(await resolve('x', { lastKnown: () => lastKnown })).to.equal(lastKnown);
    expect(asked).to.deep.equal([]);
    await clock.advance(5_000);
    expect(asked).to.have.lengthOf(1);
    expect(await resolve('x', { lastKnown: () => lastKnown })).to.deep.equal(lastKnown);
    expect(changed).to.deep.equal([]);
    storage.behaviour = stat('8');
    await clock.advance(POLL_MS);
    expect(changed).to.deep.equal(['a/x']);
    expect(await resolve('x', { lastKnown: () => lastKnown })).to.include({ generation: '8' });
  });

  for (const [who, query, told] of [
    ['was told of a newer generation', { lastKnown: () => ({ ...lastKnown, generation: '8' }) }, ['a/x']],
    ['is new', {}, ['a/x']],
  ] as const) {
    it(`asks at once when another object of the path ${who}, so that none goes back`, async () => {
      const { resolve, asked, changed } = makeResolver(stat('8'));
      expect(await resolve('x', { lastKnown: () => lastKnown })).to.equal(lastKnown);
      expect(await resolve('y', query)).to.include({ generation: '8' });
      expect(asked).to.have.lengthOf(1);
      expect(changed).to.deep.equal(told);
      expect(await resolve('x', { lastKnown: () => lastKnown })).to.include({ generation: '8' });
    });
  }

  it('keeps what was known before it started while storage does not answer, for the objects that it was known of', async () => {
    const { resolve, clock, changed } = makeResolver(unavailable);
    await resolve('x', { lastKnown: () => lastKnown });
    await resolve('y', { lastKnown: () => lastKnown });
    await clock.advance(10_000);
    expect(await resolve('x', { lastKnown: () => lastKnown })).to.equal(lastKnown);
    expect(changed).to.deep.equal([]);
    expect(await resolve('z')).to.include({ reason: 'StorageUnavailable' });
  });

  it('finds out that a model has gone since then', async () => {
    const { resolve, clock, changed } = makeResolver(notFound);
    await resolve('x', { lastKnown: () => lastKnown });
    await clock.advance(5_000);
    expect(changed).to.deep.equal(['a/x']);
    expect(await resolve('x', { lastKnown: () => lastKnown })).to.include({ reason: 'ModelNotFound' });
  });

  it('asks for an exact generation once, beside the newest', async () => {
    const { resolve, clock, asked } = makeResolver(stat('5'));
    expect(await resolve('x', { generation: '5' })).to.include({ kind: 'resolved', generation: '5' });
    await clock.advance(10 * POLL_MS);
    await resolve('x', { generation: '5' });
    await clock.advance(10 * POLL_MS);
    expect(asked.map(({ generation }) => generation)).to.deep.equal(['5']);
  });

  it('asks no more once nobody wants to know', async () => {
    const { resolver, resolve, clock, asked } = makeResolver(stat('7'));
    await Promise.all([resolve('x'), resolve('y')]);
    resolver.forget('a/x');
    await clock.advance(POLL_MS);
    expect(asked).to.have.lengthOf(2);
    await resolve('y', { path: 'gs://models/other.onnx' });
    resolver.forget('a/y');
    await clock.advance(10 * POLL_MS);
    expect(asked).to.have.lengthOf(3);
    expect(clock.pendingTimers).to.equal(0);
  });

  interface FailureRow {
    readonly name: string;
    readonly error: Error;
    readonly answer: object;
  }
  const FAILURES: readonly FailureRow[] = [
    {
      name: 'a missing object is told and asked for again',
      error: notFound,
      answer: { kind: 'failed', reason: 'ModelNotFound', message: 'no such object.', retryable: false },
    },
    {
      name: 'a bucket the operator may not read is left to the pods',
      error: denied,
      answer: {
        kind: 'delegated',
        reason: 'ModelAccessDenied',
        message:
          "the operator may not read the bucket. This is about the operator's own account (docs/install.md says how to give it one); the pods have theirs, and take the newest when they start. Newer ones are noticed once the operator may read it too.",
      },
    },
    {
      name: 'a failing service is nobody’s fault',
      error: unavailable,
      answer: { kind: 'failed', reason: 'StorageUnavailable', message: 'storage answers 503.', retryable: true },
    },
    {
      name: 'anything else is taken for a failing service',
      error: new TypeError('fetch failed'),
      answer: {
        kind: 'failed',
        reason: 'StorageUnavailable',
        message: `${PATH} could not be looked up: storage does not answer. It is asked again.`,
        retryable: true,
      },
    },
  ];
  for (const { name, error, answer } of FAILURES) {
    it(`${name}, and heals by itself`, async () => {
      const { resolve, clock, storage, changed } = makeResolver(error);
      expect(await resolve('x')).to.deep.equal(answer);
      storage.behaviour = stat('7');
      await clock.advance(POLL_MS);
      expect(changed).to.deep.equal(['a/x']);
      expect(await resolve('x')).to.include({ kind: 'resolved', generation: '7' });
    });
  }

  it('doubles the time between questions that fail, up to the poll interval', async () => {
    const { resolve, clock, asked } = makeResolver(unavailable);
    await resolve('x');
    const delaysMs: number[] = [];
    for (let failures = 0; failures < 8; failures += 1) {
      delaysMs.push(clock.nextTimerMs);
      await clock.advance(clock.nextTimerMs);
    }
    expect(delaysMs).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(asked).to.have.lengthOf(9);
  });

  it('keeps an answer through a short outage, and gives it up in a long one', async () => {
    const { resolve, clock, storage, changed } = makeResolver(stat('7'));
    await resolve('x');
    storage.behaviour = unavailable;
    await clock.advance(POLL_MS + 59_000);
    expect(changed).to.deep.equal([]);
    expect(await resolve('x')).to.include({ generation: '7' });
    await clock.advance(60_000);
    expect(await resolve('x')).to.include({ kind: 'failed', reason: 'StorageUnavailable' });
    expect(changed).to.deep.equal(['a/x']);
  });

  it('believes at once that an object was deleted', async () => {
    const { resolve, clock, storage } = makeResolver(stat('7'));
    await resolve('x');
    storage.behaviour = notFound;
    await clock.advance(POLL_MS);
    expect(await resolve('x')).to.include({ reason: 'ModelNotFound' });
  });

  it('lets a pass go on after 2 s when storage hangs, the next ones at once, and fails the question after 10 s', async () => {
    const { resolve, clock, changed } = makeResolver('hang');
    const first = resolve('x');
    await clock.advance(2_000);
    expect(await first).to.include({ kind: 'pending' });
    expect(await resolve('y', { path: 'gs://models/other.onnx' })).to.include({ kind: 'pending' });
    await clock.advance(8_000);
    expect(changed).to.include('a/x');
    expect(await resolve('x')).to.include({ reason: 'StorageUnavailable', retryable: true });
  });

  it('waits for a folder that is still being uploaded', async () => {
    const { resolve, clock, storage, changed } = makeResolver(stat('1', 2));
    // Generations are the time of upload in microseconds.
    const uploadedAgo = (ageMs: number): string => String((clock.now() - ageMs) * 1_000);
    storage.behaviour = stat(uploadedAgo(1_000), 2);
    expect(await resolve('x', { path: FOLDER })).to.include({ kind: 'pending' });
    await clock.advance(SETTLE_MS / 2);
    const last = uploadedAgo(0);
    storage.behaviour = stat(last, 3);
    await clock.advance(2 * SETTLE_MS);
    expect(changed).to.deep.equal(['a/x']);
    expect(await resolve('x', { path: FOLDER })).to.include({ kind: 'resolved', generation: last });
  });

  it('takes a folder over at once that was uploaded before', async () => {
    const { resolve } = makeResolver(stat('1700000000000000', 3));
    expect(await resolve('x', { path: FOLDER })).to.include({ kind: 'resolved' });
  });

  it('takes a folder over that does not change, where generations are no times or clocks differ', async () => {
    const { resolve, clock, changed } = makeResolver(stat('9999999999999999', 2));
    expect(await resolve('x', { path: FOLDER })).to.include({ kind: 'pending' });
    await clock.advance(2 * SETTLE_MS);
    expect(changed).to.deep.equal(['a/x']);
    expect(await resolve('x', { path: FOLDER })).to.include({ kind: 'resolved' });
  });

  it('keeps serving the old folder while the new one is uploaded', async () => {
    const { resolve, clock, storage, changed } = makeResolver(stat('1700000000000000', 2));
    await resolve('x', { path: FOLDER });
    storage.behaviour = stat(String((clock.now() + POLL_MS) * 1_000), 2);
    await clock.advance(POLL_MS);
    expect(changed).to.deep.equal([]);
    expect(await resolve('x', { path: FOLDER })).to.include({ generation: '1700000000000000' });
  });

  const UNASKED: readonly (readonly [path: string, answer: object])[] = [
    ['pvc://claim/model.onnx', { kind: 'delegated', reason: 'ResolvedByPods' }],
    ['/home/me/model.onnx', { kind: 'failed', reason: 'InvalidSpec', retryable: false }],
    ['s3://bucket/model.onnx', { kind: 'failed', reason: 'InvalidSpec', retryable: false }],
    ['gs://NO/model.onnx', { kind: 'failed', reason: 'InvalidSpec', retryable: false }],
  ];
  for (const [path, answer] of UNASKED) {
    it(`asks nobody about ${path}`, async () => {
      const { resolve, asked } = makeResolver('hang');
      expect(await resolve('x', { path })).to.include(answer);
      expect(asked).to.deep.equal([]);
    });
  }

  it('asks at most 32 questions at once, and every one in the end', async () => {
    const { resolve, clock, storage, asked } = makeResolver('hang');
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    const answers = keys.map((key) => resolve(key, { path: `gs://models/${key}.onnx` }));
    expect(asked).to.have.lengthOf(32);
    storage.behaviour = stat('7');
    await clock.advance(15_000);
    await Promise.all(answers);
    expect(await Promise.all(keys.map((key) => resolve(key, { path: `gs://models/${key}.onnx` })))).to.satisfy(
      (resolutions: ModelResolution[]) => resolutions.every(({ kind }) => kind === 'resolved'),
    );
  });

  it('asks as often as the object says, and as the most eager of those that share a path', async () => {
    const { resolver, resolve, clock, asked } = makeResolver(stat('7'));
    await resolve('slow', { pollIntervalMs: 10 * POLL_MS });
    await clock.advance(5 * POLL_MS);
    expect(asked).to.have.lengthOf(1);
    await resolve('eager', { pollIntervalMs: POLL_MS / 4 });
    await clock.advance(POLL_MS);
    expect(asked).to.have.lengthOf(5);
    resolver.forget('a/eager');
    await clock.advance(10 * POLL_MS);
    expect(asked).to.have.lengthOf(6);
    await clock.advance(POLL_MS);
    expect(asked).to.have.lengthOf(7);
  });

  it('asks again after a question that was under way when resolve-now changed', async () => {
    const { resolve, clock, storage, asked } = makeResolver(stat('7'));
    await resolve('x', { resolveNow: '1' });
    storage.behaviour = 'hang';
    await clock.advance(POLL_MS);
    expect(asked).to.have.lengthOf(2);
    storage.behaviour = stat('8');
    const answer = resolve('x', { resolveNow: '2' });
    await clock.advance(10_000);
    await answer;
    expect(await resolve('x', { resolveNow: '2' })).to.include({ generation: '8' });
    expect(asked).to.have.lengthOf(3);
  });

  describe('many paths of one bucket', () => {
    const paths = (count: number, bucket = 'models'): string[] =>
      Array.from({ length: count }, (_, index) => `gs://${bucket}/${index}.onnx`);

    /** Storage that answers together as told, with what was asked that way. */
    function makeTogether(together: (count: number) => readonly (ModelStat | StorageError)[] | undefined) {
      const bed = makeResolver(stat('7'));
      const lists: number[] = [];
      bed.store.statTogether = async (asked) => {
        lists.push(asked.length);
        return together(asked.length);
      };
      const resolveAll = (all: readonly string[]): Promise<ModelResolution[]> =>
        Promise.all(all.map((path) => bed.resolve(path, { path })));
      return { ...bed, lists, resolveAll };
    }

    it('are asked together once they are due, and each gets its own answer', async () => {
      const fate = [stat('8'), notFound, stat('7')];
      const { resolveAll, clock, asked, changed, lists } = makeTogether(() => fate);
      await resolveAll(paths(3));
      await clock.advance(POLL_MS);
      expect(lists).to.deep.equal([3]);
      expect(asked).to.have.lengthOf(3);
      expect(changed).to.deep.equal(['a/gs://models/0.onnx', 'a/gs://models/1.onnx']);
      expect(await resolveAll(paths(3))).to.containSubset([
        { generation: '8' },
        { reason: 'ModelNotFound' },
        { generation: '7' },
      ]);
    });

    it('are not asked with those of another bucket, nor with one that is not due', async () => {
      const { resolve, resolveAll, clock, lists } = makeTogether((count) => Array(count).fill(stat('7')));
      await resolveAll([...paths(2), ...paths(3, 'others')]);
      await resolve('patient', { path: 'gs://models/patient.onnx', pollIntervalMs: 10 * POLL_MS });
      await resolve('exact', { path: 'gs://models/exact.onnx', generation: '7' });
      await clock.advance(POLL_MS);
      expect(lists).to.have.members([2, 3]);
    });

    it('are asked one by one for a while where that is no dearer, each in its own time', async () => {
      const { resolveAll, clock, asked, lists } = makeTogether(() => undefined);
      await resolveAll(paths(4));
      await clock.advance(5 * POLL_MS);
      expect(lists).to.deep.equal([4]);
      expect(asked).to.have.lengthOf(4 * 6);
      await clock.advance(6 * POLL_MS);
      expect(lists).to.deep.equal([4, 4]);
    });

    it('are tried together again once there are more of them', async () => {
      const { resolveAll, clock, lists } = makeTogether(() => undefined);
      await resolveAll(paths(4));
      await clock.advance(POLL_MS);
      await resolveAll(paths(5));
      await clock.advance(POLL_MS);
      expect(lists).to.deep.equal([4]);
      await resolveAll(paths(6));
      await clock.advance(POLL_MS);
      expect(lists).to.deep.equal([4, 6]);
    });

    it('find together whenever they came', async () => {
      const { resolve, clock, asked, lists } = makeTogether((count) => Array(count).fill(stat('7')));
      for (const path of paths(4)) {
        await resolve(path, { path });
        await clock.advance(POLL_MS / 4);
      }
      await clock.advance(10 * POLL_MS);
      expect(asked).to.have.lengthOf(4);
      expect(lists.slice(-9)).to.deep.equal(Array(9).fill(4));
    });
  });
});
