import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createDoors } from '../../../runtime/doors.ts';
import { RequestError } from '../../../runtime/errors.ts';
import { listen, type HttpServer } from '../../../runtime/http/server.ts';
import { createMetrics, type RuntimeMetrics } from '../../../runtime/metrics.ts';
import { Predictor } from '../../../runtime/predictor.ts';
import { ServingState } from '../../../runtime/serving-state.ts';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { eventually } from '../../support/eventually.ts';
import { SAMPLES } from '../../support/signatures.ts';

const NAME = 'ü iris';
const GENERATION = '1718000000000000';
const LIMITS = { maxRequestBytes: 2000, requestTimeoutMs: 300 };
const ROW = '{"instances": [[1, 2, 3, 4]]}';
const JSON_TYPE = { 'content-type': 'application/json' };

/** What the next run of the model does. */
type Run = (feeds: NamedTensors) => Promise<NamedTensors>;

const setosa: Run = (feeds) => {
  const rows = feeds.get('X')?.shape[0] ?? 0;
  const row = [0.9, 0.08, 0.02];
  return Promise.resolve(
    new Map([
      ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows) }],
      [
        'probabilities',
        { datatype: 'FP32', shape: [rows, 3], data: Float32Array.from({ length: rows * 3 }, (_, i) => row[i % 3]!) },
      ],
    ]),
  );
};

describe('HTTP app', () => {
  let server: HttpServer;
  let state: ServingState;
  let metrics: RuntimeMetrics;
  let run: Run;
  let isAlive: boolean;
  const logged: object[] = [];

  const call = async (method: string, path: string, options: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, ...options });
    const body = await response.text();
    return { status: response.status, headers: response.headers, body: body === '' ? undefined : JSON.parse(body) };
  };
  const predict = (
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = JSON_TYPE,
    path = '/predict',
  ) => call('POST', path, { body, headers });

  beforeEach(async () => {
    state = new ServingState();
    metrics = createMetrics();
    run = setosa;
    isAlive = true;
    logged.length = 0;
    const record = (fields: object): void => void logged.push(fields);
    const log = { debug: () => {}, info: record, warn: record, error: record };
    const doors = createDoors({ modelName: NAME, state, observe: metrics.request, log, limits: LIMITS });
    server = await listen(doors, {
      host: '127.0.0.1',
      port: 0,
      requestTimeoutMs: LIMITS.requestTimeoutMs,
    });
  });
  afterEach(() => server.close(0));

  function load(): void {
    const predictor = new Predictor({
      session: { run: (feeds) => run(feeds) },
      signature: SAMPLES.iris,
      batching: { maxRows: 4, maxQueuedRows: 4 },
    });
    state.ready({ generation: GENERATION, signature: SAMPLES.iris, predictor, isAlive: () => isAlive });
  }

  describe('health', () => {
    const statuses = async (): Promise<number[]> => {
      const paths = ['/livez', '/readyz', '/v2/health/live', '/v2/health/ready'];
      return Promise.all(paths.map(async (path) => (await call('GET', path)).status));
    };

    it('is alive but not ready while loading', async () => {
      expect(await statuses()).to.deep.equal([200, 503, 200, 503]);
    });

    it('is ready once loaded', async () => {
      load();
      expect(await statuses()).to.deep.equal([200, 200, 200, 200]);
    });

    it('is not ready when it is about to end, but still answers, and sends clients elsewhere', async () => {
      load();
      state.drain();
      expect(await statuses()).to.deep.equal([200, 503, 200, 503]);
      const { status, headers } = await predict(ROW);
      expect([status, headers.get('connection')]).to.deep.equal([200, 'close']);
    });

    it('is not alive when no answer can be expected any more', async () => {
      load();
      isAlive = false;
      expect(await statuses()).to.deep.equal([503, 503, 503, 503]);
    });
  });

  describe('predictions', () => {
    const ANSWER = { predictions: [{ label: 0, probabilities: { '0': 0.9, '1': 0.08, '2': 0.02 } }] };
    const ENCODED = encodeURIComponent(NAME);

    for (const path of [
      '/predict',
      `/v1/models/${ENCODED}:predict`,
      `/v1/models/${ENCODED}/versions/${GENERATION}:predict`,
    ]) {
      it(`are made at POST ${path}`, async () => {
        load();
        const { status, body, headers } = await predict(ROW, JSON_TYPE, path);
        expect([status, body]).to.deep.equal([200, ANSWER]);
        expect(headers.get('content-type')).to.equal('application/json; charset=utf-8');
        expect(headers.get('x-model-generation')).to.equal(GENERATION);
      });
    }

    for (const type of [
      undefined,
      'application/json; charset=UTF-8',
      'application/vnd.x+json',
      'application/x-www-form-urlencoded',
    ]) {
      it(`take the content type ${type ?? 'that is not said'}`, async () => {
        load();
        const { status } = await predict(new TextEncoder().encode(ROW), type ? { 'content-type': type } : {});
        expect(status).to.equal(200);
      });
    }

    it('have to wait for the model', async () => {
      const { status, body, headers } = await predict(ROW);
      expect([status, body.code, headers.get('retry-after')]).to.deep.equal([503, 'ModelNotReady', '1']);
    });

    it('end at the deadline', async () => {
      load();
      run = () => new Promise(() => {});
      const { status, body } = await predict(ROW);
      expect([status, body.code]).to.deep.equal([504, 'DeadlineExceeded']);
    });

    it('are refused when too many rows wait', async () => {
      load();
      const { promise, resolve } = Promise.withResolvers<void>();
      run = async (feeds) => promise.then(() => setosa(feeds));
      const rows = (count: number): string =>
        JSON.stringify({ instances: Array.from({ length: count }, () => [1, 2, 3, 4]) });
      const running = predict(rows(4));
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(0), { intervalMs: 1 });
      const waiting = predict(rows(4));
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(4), { intervalMs: 1 });
      const { status, body, headers } = await predict(rows(1));
      resolve();
      expect([status, body.code]).to.deep.equal([429, 'Overloaded']);
      expect(Number(headers.get('retry-after'))).to.be.at.least(1);
      expect([(await running).status, (await waiting).status]).to.deep.equal([200, 200]);
    });

    it('tell the log, not the client, why the model failed', async () => {
      load();
      run = () => Promise.reject(new RequestError('InferenceFailed', 'failed', { cause: new Error('secret detail') }));
      const { status, body } = await predict(ROW);
      expect([status, body]).to.deep.equal([500, { error: 'failed', code: 'InferenceFailed' }]);
      expect(logged).to.have.length(1);
    });

    it('tell nothing of a mistake in the program', async () => {
      load();
      run = () => Promise.reject(new TypeError('secret detail'));
      const { status, body } = await predict(ROW);
      expect([status, body.code]).to.deep.equal([500, 'InferenceFailed']);
      expect(JSON.stringify(body)).not.to.include('secret');
    });
  });

  describe('refusals', () => {
    const chunked = (bytes: number): ReadableStream =>
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(bytes));
          controller.close();
        },
      });

    for (const [name, method, path, options, status, code, words] of [
      ['a path that is none', 'GET', '/nope', {}, 404, 'UnknownRoute', '/nope'],
      ['another model', 'GET', '/v1/models/other', {}, 404, 'UnknownModel', `"${NAME}"`],
      [
        'a prediction of another model',
        'POST',
        '/v1/models/other:predict',
        { body: ROW },
        404,
        'UnknownModel',
        'other',
      ],
      ['another version', 'GET', `/v1/models/${NAME}/versions/7`, {}, 404, 'UnknownModel', GENERATION],
      ['an unknown verb', 'POST', `/v1/models/${NAME}:explain`, { body: ROW }, 404, 'UnknownRoute', ':explain'],
      ['GET on a prediction', 'GET', '/predict', {}, 405, 'MethodNotAllowed', 'POST'],
      ['GET on a prediction of the model', 'GET', `/v1/models/${NAME}:predict`, {}, 405, 'MethodNotAllowed', 'POST'],
      ['a method that no route has', 'PROPFIND', '/livez', {}, 405, 'MethodNotAllowed', 'GET'],
      ['DELETE on a model', 'DELETE', `/v1/models/${NAME}`, {}, 405, 'MethodNotAllowed', 'GET'],
      [
        'a form',
        'POST',
        '/predict',
        { body: ROW, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
        415,
        'UnsupportedMediaType',
        'application/json',
      ],
      [
        'another charset',
        'POST',
        '/predict',
        { body: ROW, headers: { 'content-type': 'application/json; charset=latin1' } },
        415,
        'UnsupportedMediaType',
        'UTF-8',
      ],
      [
        'a body in an unknown encoding',
        'POST',
        '/predict',
        { body: ROW, headers: { ...JSON_TYPE, 'content-encoding': 'compress' } },
        415,
        'UnsupportedMediaType',
        'gzip, deflate or br',
      ],
      ['no body', 'POST', '/predict', { headers: JSON_TYPE }, 400, 'InvalidInput', ''],
      ['no JSON', 'POST', '/predict', { body: '{"instances"', headers: JSON_TYPE }, 400, 'InvalidInput', 'JSON'],
      [
        'a row that does not fit',
        'POST',
        '/predict',
        { body: '{"instances": [[1]]}', headers: JSON_TYPE },
        400,
        'InvalidInput',
        'instances[0]',
      ],
      [
        'a body that is said to be too large',
        'POST',
        '/predict',
        { body: 'x'.repeat(2001), headers: JSON_TYPE },
        413,
        'PayloadTooLarge',
        '2000 bytes',
      ],
      [
        'a body that turns out too large',
        'POST',
        '/predict',
        { body: chunked(2001), headers: JSON_TYPE, duplex: 'half' },
        413,
        'PayloadTooLarge',
        '2000 bytes',
      ],
    ] as const satisfies readonly (readonly [
      string,
      string,
      string,
      RequestInit & { duplex?: 'half' },
      number,
      string,
      string,
    ])[]) {
      it(`answers ${name} with ${status}`, async () => {
        load();
        const answer = await call(method, path, options);
        expect(answer.status).to.equal(status);
        expect(answer.body.code).to.equal(code);
        expect(answer.body.error).to.include(words);
        expect(Object.keys(answer.body)).to.deep.equal(['error', 'code']);
        expect(answer.headers.get('x-request-id')).to.match(/^[\da-f-]{36}$/);
        if (status === 405) expect(answer.headers.get('allow')).to.include(words);
      });
    }

    it('answers 504 to a body that does not arrive', async () => {
      load();
      const socket = connect(server.port, '127.0.0.1');
      socket.write(
        'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      );
      const answer = await text(socket);
      expect(answer)
        .to.match(/^HTTP\/1.1 504 /)
        .and.include('DeadlineExceeded');
    });

    it('answers 429 to large bodies while too many others are held', async () => {
      load();
      const { promise, resolve } = Promise.withResolvers<void>();
      run = async (feeds) => promise.then(() => setosa(feeds));
      const large = `${ROW}${' '.repeat(1900 - ROW.length)}`;
      const held = Array.from({ length: 4 }, () => predict(large));
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(3), { intervalMs: 1 });
      const { status, body, headers } = await predict(large);
      resolve();
      expect([status, body.code, headers.get('retry-after')]).to.deep.equal([429, 'Overloaded', '1']);
      for (const { status } of await Promise.all(held)) expect(status).to.equal(200);
      await eventually(async () => expect((await predict(large)).status).to.equal(200), { intervalMs: 1 });
    });

    it('drops the work of a client that went away', async () => {
      load();
      const { promise, resolve } = Promise.withResolvers<void>();
      run = async (feeds) => promise.then(() => setosa(feeds));
      const first = predict(ROW);
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(0), { intervalMs: 1 });
      const leaving = new AbortController();
      const gone = call('POST', '/predict', { body: ROW, headers: JSON_TYPE, signal: leaving.signal }).catch(
        () => 'gone',
      );
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(1), { intervalMs: 1 });
      leaving.abort();
      expect(await gone).to.equal('gone');
      await eventually(() => expect(state.model!.predictor.queuedRows).to.equal(0), { intervalMs: 1 });
      resolve();
      expect((await first).status).to.equal(200);
    });
  });

  describe('request ids', () => {
    for (const [name, given, isEchoed] of [
      ['a UUID', '1c6b7e0e-8f4e-4a3d-9d5e-0d9e6f1f2a3b', true],
      ['a trace id', '4bf92f3577b34da6/00f067aa0ba902b7;o=1', true],
      ['one with spaces', 'a b', false],
      ['one that is too long', 'x'.repeat(129), false],
    ] as const) {
      it(`${isEchoed ? 'echoes' : 'replaces'} ${name}`, async () => {
        const { headers } = await call('GET', '/livez', { headers: { 'x-request-id': given } });
        expect(headers.get('x-request-id') === given).to.equal(isEchoed);
        expect(headers.get('x-request-id')).to.have.length.within(1, 128);
      });
    }
  });

  it('describes the model', async () => {
    load();
    expect((await call('GET', '/v1/models')).body).to.deep.equal({ models: [NAME] });
    expect((await call('GET', `/v1/models/${NAME}`)).body).to.deep.include({ name: NAME, ready: true });
    const { body } = await call('GET', `/v1/models/${NAME}/metadata`);
    expect(body).to.deep.include({ name: NAME, task: 'classification', labels: [['0', '1', '2']] });
    expect(body.inputs).to.deep.equal([{ name: 'X', datatype: 'FP32', shape: [-1, 4] }]);
  });

  it('counts requests by route and status', async () => {
    load();
    await predict(ROW);
    await predict(ROW, JSON_TYPE, `/v1/models/${NAME}:predict`);
    await call('GET', '/made-up/path');
    await eventually(async () => {
      const text = await metrics.text();
      for (const line of [
        'modeldeployment_requests_total{protocol="v1",route="/predict",code="200"} 1',
        'modeldeployment_requests_total{protocol="v1",route="/v1/models/NAME:predict",code="200"} 1',
        'modeldeployment_requests_total{protocol="http",route="none",code="404"} 1',
      ]) {
        expect(text).to.include(line);
      }
    });
  });
});
