import { expect } from 'chai';
import { createDoors } from '../../../runtime/doors.ts';
import { listen, type HttpServer } from '../../../runtime/http/server.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { Predictor } from '../../../runtime/predictor.ts';
import { ServingState } from '../../../runtime/serving-state.ts';
import type { ModelSignature } from '../../../runtime/onnx/signature.ts';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { VERSION } from '../../../runtime/version.ts';
import { SAMPLES } from '../../support/signatures.ts';

const NAME = 'iris';
const GENERATION = '1718000000000000';
const LIMITS = { maxRequestBytes: 2000, requestTimeoutMs: 5000 };
const MODEL = `/v2/models/${NAME}`;

/** [0.5, 0.25, 0.125] and class 2 for every row. */
function classify(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> {
  const rows = feeds.get('X')?.shape[0] ?? 0;
  const scores = Float32Array.from({ length: rows * 3 }, (_, index) => [0.5, 0.25, 0.125][index % 3]!);
  const all: NamedTensors = new Map([
    ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows).fill(2n) }],
    ['probabilities', { datatype: 'FP32', shape: [rows, 3], data: scores }],
  ]);
  return Promise.resolve(new Map([...all].filter(([name]) => outputs.includes(name))));
}

interface Input {
  readonly shape?: readonly number[];
  readonly data?: readonly (number | null)[];
  readonly parameters?: object;
}

/** A request for one row, or what is said otherwise. */
const request = (input: Input = {}, rest: object = {}): string => {
  const data = 'parameters' in input ? {} : { data: [1, 2, 3, 4] };
  return JSON.stringify({ inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], ...data, ...input }], ...rest });
};

describe('V2 over HTTP', () => {
  let server: HttpServer;
  let state: ServingState;

  beforeEach(async () => {
    state = new ServingState();
    const ignore = (): void => {};
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    const doors = createDoors({
      modelName: NAME,
      state,
      observe: createMetrics().request,
      log,
      limits: LIMITS,
    });
    server = await listen(doors, {
      host: '127.0.0.1',
      port: 0,
      requestTimeoutMs: LIMITS.requestTimeoutMs,
    });
  });
  afterEach(() => server.close(0));

  function load(signature: ModelSignature = SAMPLES.iris): void {
    const predictor = new Predictor({
      session: { run: classify },
      signature,
      batching: { maxRows: 64, maxQueuedRows: 64 },
    });
    state.ready({ generation: GENERATION, signature, predictor, isAlive: () => true });
  }

  const call = (method: string, path: string, options: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method, ...options });
  const infer = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
    call('POST', `${MODEL}/infer`, { body, headers: { 'content-type': 'application/json', ...headers } });
  const bodyOf = async (response: Response | Promise<Response>): Promise<Record<string, unknown>> =>
    (await (await response).json()) as Record<string, unknown>;

  describe('infer', () => {
    it('answers in JSON', async () => {
      load();
      const response = await infer(request({}, { id: '7' }));
      expect([response.status, response.headers.get('content-type')]).to.deep.equal([
        200,
        'application/json; charset=utf-8',
      ]);
      expect(response.headers.get('x-model-generation')).to.equal(GENERATION);
      expect(response.headers.get('inference-header-content-length')).to.equal(null);
      expect(await bodyOf(response)).to.deep.equal({
        model_name: NAME,
        model_version: GENERATION,
        id: '7',
        outputs: [
          { name: 'label', datatype: 'INT64', shape: [1], data: [2] },
          { name: 'probabilities', datatype: 'FP32', shape: [1, 3], data: [0.5, 0.25, 0.125] },
        ],
      });
    });

    it('gives the outputs asked for, in their order, and only those', async () => {
      load();
      const ask = async (...names: string[]): Promise<string[]> => {
        const { outputs } = await bodyOf(infer(request({}, { outputs: names.map((name) => ({ name })) })));
        return (outputs as { name: string }[]).map(({ name }) => name);
      };
      expect(await ask('probabilities', 'label')).to.deep.equal(['probabilities', 'label']);
      expect(await ask('probabilities')).to.deep.equal(['probabilities']);
    });

    it('takes and gives tensors behind the JSON', async () => {
      load();
      const json = request({ parameters: { binary_data_size: 16 } }, { parameters: { binary_data_output: true } });
      const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
      const response = await infer(new Uint8Array(Buffer.concat([Buffer.from(json), floats])), {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(json.length),
      });
      expect([response.status, response.headers.get('content-type')]).to.deep.equal([200, 'application/octet-stream']);
      const bytes = Buffer.from(await response.arrayBuffer());
      const jsonBytes = Number(response.headers.get('inference-header-content-length'));
      expect(JSON.parse(bytes.toString('utf8', 0, jsonBytes))).to.deep.include({
        outputs: [
          { name: 'label', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } },
          { name: 'probabilities', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } },
        ],
      });
      const rest = bytes.subarray(jsonBytes);
      expect([rest.length, rest.readBigInt64LE(0), rest.readFloatLE(8)]).to.deep.equal([20, 2n, 0.5]);
    });

    it('takes the bare bytes of the one input', async () => {
      load();
      const response = await infer(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': '0',
      });
      expect(response.status).to.equal(200);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.readFloatLE(bytes.length - 4)).to.equal(0.125);
    });

    for (const type of ['application/octet-stream', 'application/vnd.api+json', '']) {
      it(`takes JSON with ${type === '' ? 'no content type' : `the content type ${type}`}`, async () => {
        load();
        const body = new TextEncoder().encode(request());
        const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
        expect((await call('POST', `${MODEL}/infer`, { body, headers })).status).to.equal(200);
      });
    }

    it("takes Triton's content type of Vertex AI", async () => {
      load();
      const json = request({ parameters: { binary_data_size: 16 } });
      const response = await infer(new Uint8Array(Buffer.concat([Buffer.from(json), new Uint8Array(16)])), {
        'content-type': `application/vnd.vertex-ai-triton.binary+json;json-header-size=${json.length}`,
      });
      expect(response.status).to.equal(200);
    });

    it('takes the version in the path', async () => {
      load();
      const path = `${MODEL}/versions/${GENERATION}/infer`;
      const headers = { 'content-type': 'application/json' };
      expect((await call('POST', path, { body: request(), headers })).status).to.equal(200);
    });

    it('warns of missing values that tree ensembles have forgotten', async () => {
      load({ ...SAMPLES.iris, traits: { treeInputs: ['X'] } });
      const { parameters } = await bodyOf(infer(request({ data: [1, null, 3, 4] })));
      expect((parameters as { warnings: string }).warnings).to.match(/^1 of 1 rows have missing values \("X"\);/);
      expect(await bodyOf(infer(request()))).to.not.have.property('parameters');
    });
  });

  describe('describes', () => {
    for (const path of ['/v2', '/v2/']) {
      it(`the server at ${path}`, async () => {
        expect(await bodyOf(call('GET', path))).to.deep.equal({
          name: 'modeldeployment',
          version: VERSION,
          extensions: ['binary_tensor_data'],
        });
      });
    }

    it('the models there are', async () => {
      load();
      expect(await bodyOf(call('GET', '/v2/models'))).to.deep.equal({ models: [NAME] });
      const index = await call('POST', '/v2/repository/index');
      expect(await index.json()).to.deep.equal([{ name: NAME, version: GENERATION, state: 'READY', reason: '' }]);
      state.drain();
      const body = '{"ready": true}';
      expect(await (await call('POST', '/v2/repository/index', { body })).json()).to.deep.equal([]);
    });

    for (const path of [MODEL, `${MODEL}/versions/${GENERATION}`]) {
      it(`the model at ${path}`, async () => {
        load();
        const response = await call('GET', path);
        expect(response.headers.get('content-type')).to.equal('application/json; charset=utf-8');
        expect(await bodyOf(response)).to.deep.include({
          name: NAME,
          versions: [GENERATION],
          platform: 'onnx_onnxv1',
          inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 4] }],
        });
      });
    }
  });

  describe('health', () => {
    const health = async (path: string): Promise<unknown[]> => {
      const response = await call('GET', path);
      return [response.status, await response.json()];
    };

    it('says live and ready in the words of every client', async () => {
      expect(await health('/v2/health/live')).to.deep.equal([200, { live: true }]);
      expect(await health('/v2/health/ready')).to.deep.equal([503, { live: true, ready: false }]);
      load();
      expect(await health('/v2/health/ready')).to.deep.equal([200, { live: true, ready: true }]);
    });

    it('says whether the model is ready, and why not', async () => {
      const paths = [`${MODEL}/ready`, `${MODEL}/versions/${GENERATION}/ready`];
      const loading = { name: NAME, ready: false, error: 'the model is being loaded', code: 'ModelNotReady' };
      expect(await health(paths[0]!)).to.deep.equal([503, loading]);
      load();
      for (const path of paths) expect(await health(path)).to.deep.equal([200, { name: NAME, ready: true }]);
      state.drain();
      expect(await health(paths[0]!)).to.deep.equal([503, { ...loading, error: 'the pod is stopping' }]);
    });
  });

  describe('refuses', () => {
    // prettier-ignore
    const cases: readonly (readonly [name: string, method: string, path: string, options: RequestInit, status: number, code: string, words: string])[] = [
      ['another model', 'POST', '/v2/models/other/infer', { body: request() }, 404, 'UnknownModel', 'other'],
      ['the metadata of another model', 'GET', '/v2/models/other', {}, 404, 'UnknownModel', 'other'],
      ['the readiness of another model', 'GET', '/v2/models/other/ready', {}, 404, 'UnknownModel', 'other'],
      ['another version', 'POST', `${MODEL}/versions/2/infer`, { body: request() }, 404, 'UnknownModel', GENERATION],
      ['GET on infer', 'GET', `${MODEL}/infer`, {}, 405, 'MethodNotAllowed', 'POST'],
      ['GET on the index', 'GET', '/v2/repository/index', {}, 405, 'MethodNotAllowed', 'POST'],
      ['loading a model', 'POST', `/v2/repository/models/${NAME}/load`, { body: '{}' }, 404, 'UnknownRoute', '/load'],
      ['a form', 'POST', `${MODEL}/infer`, { body: request(), headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 415, 'UnsupportedMediaType', 'application/json'],
      ['an empty body', 'POST', `${MODEL}/infer`, {}, 400, 'InvalidInput', 'got nothing'],
      ['a tensor that does not fit', 'POST', `${MODEL}/infer`, { body: request({ shape: [1, 5] }), headers: { 'content-type': 'application/json' } }, 400, 'InvalidInput', 'inputs[0].shape'],
      ['a wrong length of the JSON', 'POST', `${MODEL}/infer`, { body: request(), headers: { 'content-type': 'application/json', 'inference-header-content-length': '5000' } }, 400, 'InvalidInput', 'Inference-Header-Content-Length'],
      ['a body too large', 'POST', `${MODEL}/infer`, { body: ' '.repeat(2001), headers: { 'content-type': 'application/json' } }, 413, 'PayloadTooLarge', '2000 bytes'],
      ['a wrong question to the index', 'POST', '/v2/repository/index', { body: '{"ready": 1}' }, 400, 'InvalidInput', 'ready: expected true or false'],
    ];
    for (const [name, method, path, options, status, code, words] of cases) {
      it(`${name} with ${status}`, async () => {
        load();
        const response = await call(method, path, options);
        const body = await bodyOf(response);
        expect([response.status, body['code'], Object.keys(body)]).to.deep.equal([status, code, ['error', 'code']]);
        expect(body['error']).to.include(words);
      });
    }

    it('everything that needs the model while it is being loaded, with 503', async () => {
      const answers = [infer(request()), call('GET', MODEL), call('POST', '/v2/repository/index')];
      for (const response of await Promise.all(answers)) {
        expect([response.status, (await bodyOf(response))['code']]).to.deep.equal([503, 'ModelNotReady']);
        expect(response.headers.get('retry-after')).to.equal('1');
      }
    });
  });
});
