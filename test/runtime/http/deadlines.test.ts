import { expect } from 'chai';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { eventually } from '../../support/eventually.ts';
import { classifyAll, MODEL_NAME, serveApp } from '../../support/http-app.ts';

const ROW = [5.1, 3.5, 1.4, 0.2];
const DOORS: readonly (readonly [path: string, body: object])[] = [
  ['/predict', { instances: [ROW] }],
  [`/v2/models/${MODEL_NAME}/infer`, { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: ROW }] }],
];

/** A model whose runs wait to be let go; rows of each run so far. */
function heldModel() {
  const gate = Promise.withResolvers<void>();
  const runRows: number[] = [];
  const run = async (feeds: NamedTensors): Promise<NamedTensors> => {
    runRows.push(feeds.get('X')!.shape[0]!);
    await gate.promise;
    return classifyAll(feeds);
  };
  return { run, runRows, release: gate.resolve };
}

function post(body: object, headers: Record<string, string> = {}, signal?: AbortSignal): RequestInit {
  const type = { 'content-type': 'application/json' };
  return {
    method: 'POST',
    headers: { ...type, ...headers },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  };
}

describe('requests that nobody waits for any more', () => {
  for (const [path, body] of DOORS) {
    it(`are not computed once X-Request-Timeout-Ms has passed: ${path}`, async () => {
      const { run, runRows, release } = heldModel();
      await using app = await serveApp({ run });
      const first = app.fetch(path, post(body));
      await eventually(() => expect(runRows).to.deep.equal([1]), { intervalMs: 5 });
      const late = await app.fetch(path, post(body, { 'X-Request-Timeout-Ms': '20' }));
      expect(late.status).to.equal(504);
      expect(await late.json()).to.include({ code: 'DeadlineExceeded' });
      release();
      expect((await first).status).to.equal(200);
      // The next run would have the late request in it, were it still waiting.
      expect((await app.fetch(path, post(body))).status).to.equal(200);
      expect(runRows).to.deep.equal([1, 1]);
    });

    it(`are not computed once their client has gone: ${path}`, async () => {
      const { run, runRows, release } = heldModel();
      await using app = await serveApp({ run });
      const first = app.fetch(path, post(body));
      await eventually(() => expect(runRows).to.deep.equal([1]), { intervalMs: 5 });
      const client = new AbortController();
      const gone = app.fetch(path, post(body, {}, client.signal)).catch((error: unknown) => (error as Error).name);
      await eventually(() => expect(app.predictor.queuedRows).to.equal(1), { intervalMs: 5 });
      client.abort();
      expect(await gone).to.equal('AbortError');
      await eventually(() => expect(app.predictor.queuedRows).to.equal(0), { intervalMs: 5 });
      release();
      expect((await first).status).to.equal(200);
      expect(runRows).to.deep.equal([1]);
    });

    it(`cannot wait longer than the server lets them: ${path}`, async () => {
      const { run, release } = heldModel();
      await using app = await serveApp({ run, limits: { maxRequestBytes: 20_000, requestTimeoutMs: 30 } });
      expect((await app.fetch(path, post(body, { 'X-Request-Timeout-Ms': '60000' }))).status).to.equal(504);
      release();
    });

    it(`may have all the time they ask for: ${path}`, async () => {
      await using app = await serveApp();
      expect((await app.fetch(path, post(body, { 'X-Request-Timeout-Ms': '4000' }))).status).to.equal(200);
    });

    for (const wrong of ['soon', '-1', '1.5', '10s', '99999999999']) {
      it(`say how long that is in whole milliseconds, not ${wrong}: ${path}`, async () => {
        await using app = await serveApp();
        const response = await app.fetch(path, post(body, { 'X-Request-Timeout-Ms': wrong }));
        expect(response.status).to.equal(400);
        const { error } = (await response.json()) as { error: string };
        expect(error).to.equal(`X-Request-Timeout-Ms: expected a whole number of milliseconds, got "${wrong}"`);
      });
    }
  }
});
