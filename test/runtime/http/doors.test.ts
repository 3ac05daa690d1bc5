import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createMetrics } from '../../../runtime/metrics.ts';
import type { RequestRecord } from '../../../runtime/request-record.ts';
import { eventually } from '../../support/eventually.ts';
import { GENERATION, MODEL_NAME, serveApp, type ServedApp } from '../../support/http-app.ts';

/** A query makes a path one that the direct door does not know, so Koa answers the same request. */
const AT_KOA = '?';
const V1 = `/v1/models/${MODEL_NAME}:predict`;
const V2 = `/v2/models/${MODEL_NAME}/infer`;
const ROW = [5.1, 3.5, 1.4, 0.2];
const ROWS = JSON.stringify({ instances: Array.from({ length: 40 }, () => ROW) });
const ONE = JSON.stringify({ instances: [ROW] });
const TENSOR = JSON.stringify({ inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: ROW }] });
const BINARY_HEAD = Buffer.from(
  JSON.stringify({
    inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } }],
    parameters: { binary_data_output: true },
  }),
);
const JSON_TYPE = { 'content-type': 'application/json' };

interface Case {
  readonly name: string;
  /** Default: POST. */
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
}

const CASES: readonly Case[] = [
  { name: 'whether it lives', method: 'GET', path: '/livez', body: '', status: 200 },
  { name: 'whether it is ready', method: 'GET', path: '/readyz', body: '', status: 200 },
  { name: 'a row', path: '/predict', body: ONE, status: 200 },
  { name: 'a row by the name of the model', path: V1, body: ONE, status: 200 },
  { name: 'a tensor', path: V2, body: TENSOR, status: 200 },
  {
    name: 'a tensor in bytes',
    path: V2,
    body: Buffer.concat([BINARY_HEAD, Buffer.from(Float32Array.from(ROW).buffer)]),
    headers: { 'inference-header-content-length': String(BINARY_HEAD.length) },
    status: 200,
  },
  { name: 'missing values, with a warning', path: V1, body: '{"instances": [[1, 2, null, 4]]}', status: 200 },
  { name: 'a large answer, as it is', path: V1, body: ROWS, status: 200 },
  { name: 'a large answer, gzipped', path: V1, body: ROWS, headers: { 'accept-encoding': 'gzip' }, status: 200 },
  { name: 'a large answer, no coding known', path: V1, body: ROWS, headers: { 'accept-encoding': 'x' }, status: 200 },
  { name: 'a small answer, gzip allowed', path: V1, body: ONE, headers: { 'accept-encoding': 'gzip' }, status: 200 },
  { name: 'a gzipped body', path: V1, body: gzipSync(ONE), headers: { 'content-encoding': 'gzip' }, status: 200 },
  { name: 'an answer in CSV', path: V1, body: ONE, headers: { accept: 'text/csv' }, status: 200 },
  { name: 'rows in CSV', path: V1, body: '1,2,3,4\n', headers: { 'content-type': 'text/csv' }, status: 200 },
  { name: 'no JSON', path: V1, body: '{"instances": [', status: 400 },
  { name: 'a row too short', path: V1, body: '{"instances": [[1]]}', status: 400 },
  { name: 'a tensor too short', path: V2, body: TENSOR.replace('[1,4]', '[2,4]'), status: 400 },
  { name: 'an unknown content type', path: V1, body: ONE, headers: { 'content-type': 'text/plain' }, status: 415 },
  { name: 'an unknown encoding', path: V1, body: ONE, headers: { 'content-encoding': 'zstd' }, status: 415 },
  { name: 'a body too large', path: V1, body: 'x'.repeat(20_001), status: 413 },
];

/** What a client sees: status, headers in their order but for the moment, and the body's bytes. */
async function ask(
  app: ServedApp,
  { method = 'POST', path, body, headers }: Case,
  id: string | undefined,
  connection = 'close',
) {
  const asked = { ...JSON_TYPE, ...headers, connection, ...(id === undefined ? {} : { 'x-request-id': id }) };
  const call = request({ port: app.port, path, method, headers: asked, agent: false });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const bytes = await buffer(response);
  call.destroy();
  const pairs = Array.from({ length: response.rawHeaders.length / 2 }, (_, index) =>
    response.rawHeaders.slice(2 * index, 2 * index + 2),
  );
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: pairs.filter(([name]) => name !== 'Date').map((pair) => pair.join(': ')),
    body: bytes.toString('base64'),
  };
}

describe('the direct door and Koa', () => {
  for (const sample of CASES) {
    it(`answer ${sample.name} with the same bytes`, async () => {
      await using app = await serveApp();
      for (const connection of ['close', 'keep-alive']) {
        const [direct, koa] = [
          await ask(app, sample, 'same', connection),
          await ask(app, { ...sample, path: sample.path + AT_KOA }, 'same', connection),
        ];
        expect(direct).to.deep.equal(koa);
        expect(direct.status).to.equal(sample.status);
        expect(direct.headers).to.include(`X-Model-Generation: ${GENERATION}`).and.include(`Connection: ${connection}`);
      }
    });
  }

  it('make up an id for a request that has none, or none that is fit', async () => {
    await using app = await serveApp();
    for (const id of [undefined, 'x'.repeat(200)]) {
      const [sample] = CASES as [Case];
      const { headers } = await ask(app, sample, id);
      expect(headers.find((header) => header.startsWith('X-Request-Id: '))).to.match(/: [0-9a-f-]{36}$/);
    }
  });

  it('tell observers the same of a request, once', async () => {
    const records: RequestRecord[] = [];
    await using app = await serveApp({ dependencies: { observe: (record) => void records.push(record) } });
    const told = async (sample: Case): Promise<object> => {
      records.length = 0;
      await ask(app, sample, 'told');
      await eventually(() => expect(records).to.have.length(1));
      const { startedMs: _, durationMs, stages, ...record } = records[0]!;
      expect(durationMs).to.be.greaterThan(0);
      return {
        ...record,
        stages: Object.keys(stages).filter((key) => stages[key as keyof typeof stages] !== undefined),
      };
    };
    for (const sample of CASES) {
      expect(await told(sample), sample.name).to.deep.equal(await told({ ...sample, path: sample.path + AT_KOA }));
    }
  });

  it('are counted under the same route', async () => {
    const metrics = createMetrics();
    await using app = await serveApp({ dependencies: { observe: metrics.request } });
    for (const path of [V1, V1 + AT_KOA]) await ask(app, { name: 'a row', path, body: ONE, status: 200 }, 'x');
    await eventually(async () =>
      expect(await metrics.text()).to.match(
        /requests_total\{protocol="v1",route="\/v1\/models\/NAME:predict",code="200"\} 2\n/,
      ),
    );
  });
});
