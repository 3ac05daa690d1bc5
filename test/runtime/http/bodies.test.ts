import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import {
  constants,
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import { expect } from 'chai';
import { GENERATION, MODEL_NAME, PREDICTION, serveApp, type ServedApp } from '../../support/http-app.ts';

const MAX_BYTES = 20_000;
const ROW = '{"instances": [[1, 2, 3, 4]]}';
const INFER = `/v2/models/${MODEL_NAME}/infer`;
const V2_ROW = JSON.stringify({ inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }] });

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const COMPRESS = {
  gzip: (body: string | Uint8Array) => gzipSync(body),
  deflate: (body: string | Uint8Array) => deflateSync(body),
  br: (body: string | Uint8Array) => brotliCompressSync(body, quick),
} as const;
const DECOMPRESS = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync } as const;
type Coding = keyof typeof COMPRESS;
const CODINGS = Object.keys(COMPRESS) as Coding[];

const rows = (count: number): string =>
  JSON.stringify({ instances: Array.from({ length: count }, () => [1, 2, 3, 4]) });

describe('request bodies', () => {
  let app: ServedApp;
  beforeEach(async () => {
    app = await serveApp({ limits: { maxRequestBytes: MAX_BYTES, requestTimeoutMs: 5000 } });
  });
  afterEach(() => app[Symbol.asyncDispose]());

  const post = async (
    body: Uint8Array,
    coding: string,
    path = '/predict',
    headers = {},
  ): Promise<[number, Record<string, unknown>]> => {
    const type = { 'content-type': 'application/json', 'content-encoding': coding, ...headers };
    const response = await app.fetch(path, { method: 'POST', body: Uint8Array.from(body), headers: type });
    return [response.status, (await response.json()) as Record<string, unknown>];
  };

  for (const coding of [...CODINGS, 'GZIP', ' gzip', 'x-gzip'] as const) {
    it(`are decompressed by Content-Encoding: ${coding}`, async () => {
      const compress = COMPRESS[coding.trim().toLowerCase().replace('x-', '') as Coding];
      expect(await post(compress(ROW), coding)).to.deep.equal([200, { predictions: [PREDICTION] }]);
      const [status, body] = await post(compress(V2_ROW), coding, INFER);
      expect([status, body['model_version']]).to.deep.equal([200, GENERATION]);
    });
  }

  it('hold binary tensors behind JSON, compressed together', async () => {
    const input = { name: 'X', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } };
    const json = JSON.stringify({ inputs: [input] });
    const whole = Buffer.concat([Buffer.from(json), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)]);
    const [status] = await post(gzipSync(whole), 'gzip', INFER, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.length),
    });
    expect(status).to.equal(200);
  });

  it('may be compressed in several pieces, as gzip allows', async () => {
    const pieces = Buffer.concat([gzipSync(ROW.slice(0, 9)), gzipSync(ROW.slice(9))]);
    expect((await post(pieces, 'gzip'))[0]).to.equal(200);
  });

  for (const coding of CODINGS) {
    it(`may be as large as the limit once decompressed (${coding}), not larger`, async () => {
      const fitting = ROW + ' '.repeat(MAX_BYTES - ROW.length);
      expect((await post(COMPRESS[coding](fitting), coding))[0]).to.equal(200);
      const [status, body] = await post(COMPRESS[coding](`${fitting} `), coding);
      expect([status, body]).to.deep.equal([
        413,
        {
          error: `the request body is larger than ${MAX_BYTES} bytes; send fewer rows at once`,
          code: 'PayloadTooLarge',
        },
      ]);
    });

    it(`are refused early when they would become huge (${coding})`, async () => {
      const bomb = COMPRESS[coding](Buffer.alloc(64 * 1024 * 1024, 0x20));
      const { arrayBuffers: before } = process.memoryUsage();
      let most = 0;
      const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 1);
      const statuses = await Promise.all(
        Array.from({ length: 8 }, async () => (await post(bomb.subarray(0, MAX_BYTES), coding))[0]),
      );
      clearInterval(watching);
      expect(new Set(statuses)).to.deep.equal(new Set([413]));
      // Eight times 64 MiB, had they been decompressed.
      expect(most - before).to.be.below(64 * 1024 * 1024);
      expect((await post(COMPRESS[coding](ROW), coding))[0]).to.equal(200);
    });

    for (const [name, damage, error] of [
      ['cut off', (bytes: Buffer) => bytes.subarray(0, -1), `body: the ${coding} data ends too early`],
      ['no such data', () => Buffer.from(ROW), `body: is not ${coding} data, as its Content-Encoding says`],
    ] as const) {
      it(`that are ${name} get 400 (${coding})`, async () => {
        const answer = await post(damage(COMPRESS[coding](ROW)), coding);
        expect(answer).to.deep.equal([400, { error, code: 'InvalidInput' }]);
      });
    }
  }

  it('with a wrong checksum get 400', async () => {
    const bytes = gzipSync(ROW);
    bytes[bytes.length - 5]! ^= 1;
    const [status, body] = await post(bytes, 'gzip');
    expect([status, body['error']]).to.deep.equal([400, 'body: is not gzip data, as its Content-Encoding says']);
  });

  it('that are compressed nothing count as nothing', async () => {
    const [status, body] = await post(gzipSync(''), 'gzip');
    expect([status, body['error']]).to.deep.equal([
      400,
      'body: expected JSON such as {"instances": [...]}, got nothing',
    ]);
  });

  for (const coding of ['zstd', 'compress', 'gzip, gzip', 'x'.repeat(500)]) {
    it(`in the encoding ${coding.slice(0, 20)} get 415`, async () => {
      for (const path of ['/predict', INFER, '/v2/repository/index']) {
        expect(await post(Buffer.from(ROW), coding, path)).to.deep.equal([
          415,
          {
            error: `content encoding ${coding.slice(0, 100)} is not supported; send the body as gzip, deflate or br, or uncompressed`,
            code: 'UnsupportedMediaType',
          },
        ]);
      }
    });
  }

  it('leave the server as it was, whatever bytes come', async () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round += 1) {
      const coding = CODINGS[round % 3]!;
      const bytes = Buffer.from(COMPRESS[coding](rows(1 + random(20))));
      for (let change = 0; change <= random(3); change += 1) bytes[random(bytes.length)] = random(256);
      const [status] = await post(bytes.subarray(0, 1 + random(bytes.length)), coding);
      expect(status).to.be.oneOf([200, 400, 413]);
    }
    expect(app.logged).to.deep.equal([]);
  }).timeout(60_000);
});

describe('response bodies', () => {
  let app: ServedApp;
  beforeEach(async () => {
    app = await serveApp();
  });
  afterEach(() => app[Symbol.asyncDispose]());

  /** As sent, without fetch's own decompression. */
  const post = async (
    body: string,
    headers: Record<string, string>,
    path = '/predict',
  ): Promise<{ headers: NodeJS.Dict<string | string[]>; bytes: Buffer }> => {
    const { promise, resolve, reject } = Promise.withResolvers<{
      headers: NodeJS.Dict<string | string[]>;
      bytes: Buffer;
    }>();
    const options = {
      port: app.port,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
    };
    httpRequest(options, (response) => {
      buffer(response).then((bytes) => resolve({ headers: response.headers, bytes }), reject);
    })
      .once('error', reject)
      .end(body);
    return promise;
  };

  for (const coding of CODINGS) {
    it(`are compressed for Accept-Encoding: ${coding}`, async () => {
      const plain = await post(rows(100), {});
      const packed = await post(rows(100), { 'accept-encoding': coding });
      expect(packed.headers).to.deep.include({
        'content-encoding': coding,
        vary: 'Accept-Encoding',
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(packed.bytes.length),
      });
      expect(packed.bytes.length).to.be.below(plain.bytes.length);
      expect(DECOMPRESS[coding](packed.bytes).toString()).to.equal(plain.bytes.toString());
    });
  }

  for (const [name, count, headers] of [
    ['small', 1, { 'accept-encoding': 'gzip' }],
    ['for a client that does not ask', 100, {}],
    ['for a client that knows only other encodings', 100, { 'accept-encoding': 'zstd' }],
    ['for a client that wants them as they are', 100, { 'accept-encoding': 'identity, gzip;q=0.5' }],
    ['for a client that refuses', 100, { 'accept-encoding': 'gzip;q=0, br;q=0, deflate;q=0' }],
    ['for a header that is nonsense', 100, { 'accept-encoding': ';;q=,' }],
  ] as const) {
    it(`stay as they are when ${name}`, async () => {
      const { headers: got, bytes } = await post(rows(count), headers);
      expect(got['content-encoding']).to.equal(undefined);
      expect((JSON.parse(bytes.toString()) as { predictions: unknown[] }).predictions).to.have.length(count);
    });
  }

  it('hold binary tensors behind JSON, whose length is that before compression', async () => {
    const data = Array.from({ length: 2000 }, () => 1);
    const body = JSON.stringify({
      inputs: [{ name: 'X', datatype: 'FP32', shape: [500, 4], data }],
      outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
    });
    const { headers, bytes } = await post(body, { 'accept-encoding': 'gzip' }, INFER);
    expect(headers['content-encoding']).to.equal('gzip');
    const whole = gunzipSync(bytes);
    const jsonBytes = Number(headers['inference-header-content-length']);
    expect(whole.length - jsonBytes).to.equal(500 * 3 * 4);
    expect(JSON.parse(whole.subarray(0, jsonBytes).toString()).outputs[0].shape).to.deep.equal([500, 3]);
  });
});
