import { expect } from 'chai';
import { listenGrpc, type GrpcServer } from '../../../runtime/grpc/server.ts';
import { ModelFailure } from '../../../runtime/errors.ts';
import { createMetrics, type RuntimeMetrics } from '../../../runtime/metrics.ts';
import { Predictor } from '../../../runtime/predictor.ts';
import { ServingState } from '../../../runtime/serving-state.ts';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { VERSION } from '../../../runtime/version.ts';
import { eventually } from '../../support/eventually.ts';
import { GrpcClient, type GrpcAnswer } from '../../support/grpc-client.ts';
import { reflectedServices, reflectionStatus } from '../../support/grpc-reflection.ts';
import { SAMPLES } from '../../support/signatures.ts';
import { rejectionOf } from '../../support/thrown.ts';

const NAME = 'iris';
const GENERATION = '1718000000000000';
const MAX_MESSAGE_BYTES = 4000;

/** [0.5, 0.25, 0.125] and class 2 for every row, once the gate is open. */
class Session {
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;
  runs = 0;
  readonly run = async (feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> => {
    this.runs += 1;
    await this.gate;
    if (this.failure) throw this.failure;
    const rows = feeds.get('X')?.shape[0] ?? 0;
    const scores = Float32Array.from({ length: rows * 3 }, (_, index) => [0.5, 0.25, 0.125][index % 3]!);
    const all: NamedTensors = new Map([
      ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows).fill(2n) }],
      ['probabilities', { datatype: 'FP32', shape: [rows, 3], data: scores }],
    ]);
    return new Map([...all].filter(([name]) => outputs.includes(name)));
  };
}

const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const X = { name: 'X', datatype: 'FP32', shape: [1, 4] };
const TYPED = { model_name: NAME, inputs: [{ ...X, contents: { fp32_contents: [1, 2, 3, 4] } }] };
const RAW = { model_name: NAME, inputs: [X], raw_input_contents: [floats(1, 2, 3, 4)] };

describe('gRPC server', () => {
  let server: GrpcServer;
  let client: GrpcClient;
  let state: ServingState;
  let session: Session;
  let metrics: RuntimeMetrics;
  let errors: unknown[];

  beforeEach(async () => {
    [state, session, metrics, errors] = [new ServingState(), new Session(), createMetrics(), []];
    const ignore = (): void => {};
    server = await listenGrpc({
      modelName: NAME,
      state,
      observe: metrics.request,
      log: { debug: ignore, info: ignore, warn: ignore, error: (fields: object) => errors.push(fields) },
      host: '127.0.0.1',
      port: 0,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      maxMessageBytesName: 'MAX_REQUEST_BYTES',
      requestTimeoutMs: 5000,
    });
    client = new GrpcClient(server.port);
  });
  afterEach(async () => {
    client[Symbol.dispose]();
    await server.close(0);
  });

  function load(maxQueuedRows = 64): void {
    const predictor = new Predictor({
      session,
      signature: SAMPLES.iris,
      batching: { maxRows: 64, maxQueuedRows },
    });
    state.ready({ generation: GENERATION, signature: SAMPLES.iris, predictor, isAlive: () => true });
  }

  /** Holds runs back until it is called. */
  function hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    session.gate = promise;
    return resolve;
  }

  describe('ModelInfer', () => {
    it('answers typed contents with typed contents', async () => {
      load();
      const answer = await client.call('ModelInfer', { ...TYPED, id: '7' }, { metadata: { 'x-request-id': 'abc' } });
      expect(answer.message).to.deep.equal({
        model_name: NAME,
        model_version: GENERATION,
        id: '7',
        outputs: [
          { name: 'label', datatype: 'INT64', shape: ['1'], contents: { int64_contents: ['2'] } },
          {
            name: 'probabilities',
            datatype: 'FP32',
            shape: ['1', '3'],
            contents: { fp32_contents: [0.5, 0.25, 0.125] },
          },
        ],
      });
      expect(answer.headers).to.include({ 'x-request-id': 'abc', 'x-model-generation': GENERATION });
    });

    it('answers raw contents with raw contents, for the outputs asked for, in their order', async () => {
      load();
      const outputs = [{ name: 'probabilities' }, { name: 'label' }];
      const { message, headers } = await client.call('ModelInfer', { ...RAW, outputs, model_version: GENERATION });
      expect(message['outputs']).to.deep.equal([
        { name: 'probabilities', datatype: 'FP32', shape: ['1', '3'] },
        { name: 'label', datatype: 'INT64', shape: ['1'] },
      ]);
      expect(message['raw_output_contents']).to.deep.equal([
        floats(0.5, 0.25, 0.125),
        Buffer.from('0200000000000000', 'hex'),
      ]);
      expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
    });

    const input = (fields: object): object => ({ model_name: NAME, inputs: [{ ...TYPED.inputs[0], ...fields }] });
    // prettier-ignore
    const refusals: readonly (readonly [name: string, request: object, status: string, words: string])[] = [
      ['another model', { ...RAW, model_name: 'other' }, 'NOT_FOUND', 'there is no model "other"; this server has "iris"'],
      ['half of a surrogate pair, once cut', { ...RAW, model_name: `${'a'.repeat(199)}😀` }, 'NOT_FOUND', 'there is no model'],
      ['another version', { ...RAW, model_version: '2' }, 'NOT_FOUND', 'there is no version "2"'],
      ['nothing', { model_name: NAME }, 'INVALID_ARGUMENT', 'inputs: missing'],
      ['an unknown input', input({ name: 'Y' }), 'INVALID_ARGUMENT', 'inputs[0].name'],
      ['another datatype', input({ datatype: 'FP64' }), 'INVALID_ARGUMENT', 'inputs[0].datatype: expected "FP32"'],
      ['another shape', input({ shape: [1, 5] }), 'INVALID_ARGUMENT', 'inputs[0].shape: expected [-1,4]'],
      ['a negative shape', input({ shape: [-1, 4] }), 'INVALID_ARGUMENT', 'inputs[0].shape[0]'],
      ['a shape beyond memory', input({ shape: ['9007199254740993', 4] }), 'INVALID_ARGUMENT', 'inputs[0].shape[0]'],
      ['a shape of many rows', input({ shape: [1_000_000_000, 4] }), 'INVALID_ARGUMENT', 'expected 4000000000 numbers for shape [1000000000,4], got 4'],
      ['more dimensions than any tensor has', input({ shape: Array.from({ length: 500 }, () => 1) }), 'INVALID_ARGUMENT', 'expected at most 64 dimensions'],
      ['too few elements', input({ contents: { fp32_contents: [1, 2, 3] } }), 'INVALID_ARGUMENT', 'inputs[0].contents.fp32_contents: expected 4 numbers for shape [1,4], got 3'],
      ['too many elements', input({ contents: { fp32_contents: [1, 2, 3, 4, 5] } }), 'INVALID_ARGUMENT', 'got 5'],
      ['elements of another field', input({ contents: { fp64_contents: [1, 2, 3, 4] } }), 'INVALID_ARGUMENT', 'inputs[0].contents: expected fp32_contents for FP32, got fp64_contents'],
      ['no contents', { model_name: NAME, inputs: [X] }, 'INVALID_ARGUMENT', 'inputs[0]: missing "contents"'],
      ['contents beside raw ones', { ...TYPED, raw_input_contents: [floats(1, 2, 3, 4)] }, 'INVALID_ARGUMENT', 'inputs[0].contents'],
      ['too few raw contents', { ...RAW, inputs: [X, X] }, 'INVALID_ARGUMENT', 'raw_input_contents: expected 2 as in inputs, got 1'],
      ['raw contents of another size', { ...RAW, raw_input_contents: [floats(1, 2, 3)] }, 'INVALID_ARGUMENT', 'raw_input_contents[0]: expected 16 bytes for FP32 of shape [1,4], got 12'],
      ['an input twice', { ...RAW, inputs: [X, X], raw_input_contents: [floats(1, 2, 3, 4), floats(1, 2, 3, 4)] }, 'INVALID_ARGUMENT', 'inputs[1].name'],
      ['an unknown output', { ...RAW, outputs: [{ name: 'probability' }] }, 'INVALID_ARGUMENT', 'outputs[0].name'],
      ['an output twice', { ...RAW, outputs: [{ name: 'label' }, { name: 'label' }] }, 'INVALID_ARGUMENT', 'outputs[1].name'],
      ['shared memory', { ...RAW, inputs: [{ ...X, parameters: { shared_memory_region: { string_param: 'a' } } }] }, 'INVALID_ARGUMENT', 'inputs[0].parameters.shared_memory_region'],
    ];
    for (const [name, request, status, words] of refusals) {
      it(`refuses ${name}`, async () => {
        load();
        const answer = await client.call('ModelInfer', request);
        expect([answer.status, answer.trailers['x-error-code']]).to.deep.equal([
          status,
          status === 'NOT_FOUND' ? 'UnknownModel' : 'InvalidInput',
        ]);
        expect(answer.details).to.include(words);
        expect([errors, session.runs]).to.deep.equal([[], 0]);
      });
    }

    it('refuses a message that is too large, and says which limit to raise', async () => {
      load();
      const answer = await client.call('ModelInfer', { ...RAW, raw_input_contents: [Buffer.alloc(MAX_MESSAGE_BYTES)] });
      expect([answer.status, answer.trailers['x-error-code']]).to.deep.equal(['RESOURCE_EXHAUSTED', 'PayloadTooLarge']);
      expect(answer.details).to.include('4000 bytes (MAX_REQUEST_BYTES)');
    });

    it('refuses a message that is too large once it is decompressed', async () => {
      load();
      using compressing = new GrpcClient(server.port, { 'grpc.default_compression_algorithm': 2 });
      const answer = await compressing.call('ModelInfer', { ...RAW, raw_input_contents: [Buffer.alloc(1_000_000)] });
      expect([answer.status, answer.trailers['x-error-code']]).to.deep.equal(['RESOURCE_EXHAUSTED', 'PayloadTooLarge']);
    });

    it('refuses while the model is being loaded', async () => {
      const { status, details, trailers } = await client.call('ModelInfer', RAW);
      expect([status, details]).to.deep.equal(['UNAVAILABLE', 'the model is being loaded']);
      expect(trailers).to.deep.include({ 'x-error-code': 'ModelNotReady', 'grpc-retry-pushback-ms': '1000' });
    });

    it('refuses more rows than may wait', async () => {
      load(1);
      const open = hold();
      const running = client.call('ModelInfer', RAW);
      await eventually(() => expect(session.runs).to.equal(1));
      const waiting = client.call('ModelInfer', RAW);
      await eventually(() => expect(state.model?.predictor.queuedRows).to.equal(1));
      const refused = await client.call('ModelInfer', RAW);
      open();
      expect([refused.status, refused.trailers['x-error-code']]).to.deep.equal(['RESOURCE_EXHAUSTED', 'Overloaded']);
      expect((await Promise.all([running, waiting])).map(({ status }) => status)).to.deep.equal(['OK', 'OK']);
    });

    it('keeps to the deadline of the client, and lets go of a request whose deadline has passed', async () => {
      load();
      const open = hold();
      const running = client.call('ModelInfer', RAW);
      await eventually(() => expect(session.runs).to.equal(1));
      const late = await client.call('ModelInfer', RAW, { timeoutMs: 100 });
      expect(late.status).to.equal('DEADLINE_EXCEEDED');
      await eventually(() => expect(state.model?.predictor.queuedRows).to.equal(0));
      open();
      expect((await running).status).to.equal('OK');
      expect(session.runs).to.equal(1);
    });

    it('lets go of a request whose client has cancelled it', async () => {
      load();
      const open = hold();
      const running = client.call('ModelInfer', RAW);
      await eventually(() => expect(session.runs).to.equal(1));
      const cancel = new AbortController();
      const cancelled = client.call('ModelInfer', RAW, { signal: cancel.signal });
      await eventually(() => expect(state.model?.predictor.queuedRows).to.equal(1));
      cancel.abort();
      expect((await cancelled).status).to.equal('CANCELLED');
      await eventually(() => expect(state.model?.predictor.queuedRows).to.equal(0));
      open();
      await running;
      const counted = await metrics.text();
      expect(counted).to.include('route="/inference.GRPCInferenceService/ModelInfer",code="CANCELLED"} 1');
      expect(counted).to.include('route="/inference.GRPCInferenceService/ModelInfer",code="OK"} 1');
    });

    it('shows nothing of its own mistakes', async () => {
      load();
      session.failure = new Error('a secret');
      const answer = await client.call('ModelInfer', RAW);
      expect([answer.status, answer.trailers['x-error-code'], errors.length]).to.deep.equal([
        'INTERNAL',
        'InferenceFailed',
        1,
      ]);
      expect(answer.details).to.not.include('secret');
    });
  });

  it('describes the server and the model', async () => {
    load();
    const { message: about } = await client.call('ServerMetadata');
    expect(about).to.deep.equal({ name: 'modeldeployment', version: VERSION, extensions: ['binary_tensor_data'] });
    const { message } = await client.call('ModelMetadata', { name: NAME });
    expect(message).to.deep.include({
      name: NAME,
      versions: [GENERATION],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'X', datatype: 'FP32', shape: ['-1', '4'] }],
    });
    expect(message['properties']).to.deep.include({ task: 'classification', labels: '[0,1,2]' });
    expect((await client.call('ModelMetadata', { name: 'other' })).status).to.equal('NOT_FOUND');
  });

  it('says in every way whether it is live and ready', async () => {
    const health = async (): Promise<unknown[]> => {
      const answers = await Promise.all([
        client.call('ServerLive'),
        client.call('ServerReady'),
        client.call('ModelReady', { name: NAME }),
        client.health(),
        client.health('inference.GRPCInferenceService'),
      ]);
      return answers.map(
        ({ message }: GrpcAnswer) => message['live'] ?? message['ready'] ?? message['status'] ?? false,
      );
    };
    expect(await health()).to.deep.equal([true, false, false, 'NOT_SERVING', 'NOT_SERVING']);
    load();
    expect(await health()).to.deep.equal([true, true, true, 'SERVING', 'SERVING']);
    state.drain();
    expect(await health()).to.deep.equal([true, false, false, 'NOT_SERVING', 'NOT_SERVING']);
    const others = [client.call('ModelReady', { name: 'other' }), client.health('other')];
    expect((await Promise.all(others)).map(({ status }) => status)).to.deep.equal(['NOT_FOUND', 'NOT_FOUND']);
  });

  it('streams changes of its health, and ends the stream when it closes', async () => {
    const seen: string[] = [];
    const ended = (async () => {
      for await (const { status } of client.watch()) seen.push(status);
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    await eventually(() => expect(seen).to.deep.equal(['NOT_SERVING']));
    load();
    await eventually(() => expect(seen).to.deep.equal(['NOT_SERVING', 'SERVING']));
    state.drain();
    expect(await server.close(5000)).to.equal(true);
    expect([(await ended) instanceof Error, seen.at(-1)]).to.deep.equal([true, 'NOT_SERVING']);
  });

  it('tells tools what it serves', async () => {
    const services = await reflectedServices(server.port);
    expect(services).to.include.members(['inference.GRPCInferenceService', 'grpc.health.v1.Health']);
    expect(await reflectedServices(server.port)).to.deep.equal(services);
  });

  for (const [name, message, status] of [
    ['a message', Buffer.from([0x3a, 0x01, 0x2a]), 'OK'],
    ['no message of the protocol', Buffer.from([0x07]), 'INVALID_ARGUMENT'],
  ] as const) {
    it(`answers ${name} about itself with ${status}`, async () => {
      expect(await reflectionStatus(server.port, message)).to.equal(status);
    });
  }

  it('lets calls in flight end when it closes, and takes no more', async () => {
    load();
    const open = hold();
    const running = client.call('ModelInfer', RAW);
    await eventually(() => expect(session.runs).to.equal(1));
    const closed = server.close(5000);
    open();
    expect([await closed, (await running).status]).to.deep.equal([true, 'OK']);
    expect((await client.call('ServerLive')).status).to.equal('UNAVAILABLE');
  });

  it('cuts calls that outlast the time to close', async () => {
    load();
    const open = hold();
    const running = client.call('ModelInfer', RAW);
    await eventually(() => expect(session.runs).to.equal(1));
    expect(await server.close(50)).to.equal(false);
    expect((await running).status).to.be.oneOf(['UNAVAILABLE', 'CANCELLED', 'UNKNOWN']);
    open();
  });

  it('names the address when it cannot listen', async () => {
    const options = {
      modelName: NAME,
      state,
      observe: metrics.request,
      host: '127.0.0.1',
      port: server.port,
      maxMessageBytes: 1,
    };
    const ignore = (): void => {};
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    const failure = await rejectionOf(
      ModelFailure,
      listenGrpc({ ...options, log, maxMessageBytesName: '', requestTimeoutMs: 1 }),
    );
    expect([failure.reason, failure.message]).to.deep.equal([
      'InvalidSpec',
      `cannot listen on 127.0.0.1:${server.port} for gRPC: choose another port or address`,
    ]);
  });
});
