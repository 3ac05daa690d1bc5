import { expect } from 'chai';
import { readConfig } from '../../runtime/config.ts';
import { DEFAULTS, ENV, PORTS } from '../../runtime/contract.ts';
import { ModelFailure } from '../../runtime/errors.ts';
import { thrownBy } from '../support/thrown.ts';

const MODEL = { [ENV.modelPath]: 'gs://models/iris/model.onnx' };

describe('readConfig', () => {
  it('needs nothing but a path', () => {
    const config = readConfig(MODEL);
    expect(config.model.path).to.deep.equal({ kind: 'gcs', bucket: 'models', object: 'iris/model.onnx' });
    expect(config.model.settings).to.deep.equal({ task: 'Auto', labels: undefined, activation: 'None' });
    expect(config.batching).to.deep.equal({
      maxRows: DEFAULTS.batchingMaxRows,
      maxQueuedRows: DEFAULTS.batchingMaxQueuedRows,
    });
    expect(config.http).to.include({ host: '0.0.0.0', port: PORTS.http, metricsPort: PORTS.metrics });
    expect(config.grpc).to.include({ port: PORTS.grpc, maxMessageBytes: 64 * 1024 * 1024 });
    expect(config.limits).to.deep.equal({ cpuMillis: undefined, memoryBytes: undefined });
  });

  it('takes every variable', () => {
    const { model, http, grpc, batching, limits, storage, ...rest } = readConfig({
      [ENV.modelPath]: '/models/iris',
      [ENV.modelName]: 'flowers',
      [ENV.modelGeneration]: '1718000000000000',
      [ENV.modelSha256]: 'AB'.repeat(32),
      [ENV.modelTask]: 'Classification',
      [ENV.modelLabels]: '["a", "b"]',
      [ENV.modelActivation]: 'Softmax',
      [ENV.batchingMaxRows]: '8',
      [ENV.batchingMaxQueuedRows]: '16',
      [ENV.maxRequestBytes]: '1000',
      [ENV.requestTimeoutMs]: '2000',
      [ENV.drainTimeoutMs]: '3000',
      [ENV.inferenceThread]: 'Worker',
      [ENV.logLevel]: 'debug',
      [ENV.accessLogSampleRate]: '0.01',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
      [ENV.httpPort]: '0',
      [ENV.metricsPort]: '1',
      [ENV.grpcPort]: '2',
      [ENV.host]: '127.0.0.1',
      [ENV.modelDir]: '/var/models',
      [ENV.cpuLimitMillis]: '1500',
      [ENV.memoryLimitBytes]: '536870912',
      [ENV.storageEmulatorHost]: 'http://127.0.0.1:4443/',
      [ENV.googleCredentialsJson]: '{}',
      [ENV.terminationLog]: '/tmp/log',
    });
    expect(model).to.deep.equal({
      path: { kind: 'file', path: '/models/iris' },
      name: 'flowers',
      generation: '1718000000000000',
      sha256: 'ab'.repeat(32),
      settings: { task: 'Classification', labels: ['a', 'b'], activation: 'Softmax' },
      directory: '/var/models',
    });
    expect(http).to.deep.equal({
      host: '127.0.0.1',
      port: 0,
      metricsPort: 1,
      vertex: { health: undefined, predict: undefined },
      maxRequestBytes: 1000,
      requestTimeoutMs: 2000,
      drainTimeoutMs: 3000,
    });
    expect(batching).to.deep.equal({ maxRows: 8, maxQueuedRows: 16 });
    expect(limits).to.deep.equal({ cpuMillis: 1500, memoryBytes: 536_870_912 });
    expect(storage).to.deep.equal({ emulatorHost: 'http://127.0.0.1:4443', credentialsJson: '{}' });
    expect(grpc).to.deep.equal({ port: 2, maxMessageBytes: 1000, maxMessageBytesName: ENV.maxRequestBytes });
    const tracing = { sampler: 'traceidratio', samplerArgument: '0.5' };
    expect(rest).to.deep.equal({
      inferenceThread: 'Worker',
      observability: { accessLogSampleRate: 0.01, tracing },
      logLevel: 'debug',
      terminationLog: '/tmp/log',
    });
  });

  it('takes empty variables for unset ones', () => {
    const empty = Object.fromEntries(Object.values(ENV).map((name) => [name, ' ']));
    expect(readConfig({ ...empty, ...MODEL })).to.deep.equal(readConfig(MODEL));
  });

  for (const [path, name] of [
    ['gs://models/iris/model.onnx', 'model'],
    ['gs://models/iris/', 'iris'],
    ['gs://models', 'model'],
    ['./flowers/iris.ONNX', 'iris'],
    ['/models/ü b.onnx', 'ü b'],
    ['/', 'model'],
  ] as const) {
    it(`calls ${path} ${name}`, () => {
      expect(readConfig({ [ENV.modelPath]: path }).model.name).to.equal(name);
    });
  }

  for (const [variable, value] of [
    [ENV.modelPath, ''],
    [ENV.modelPath, 's3://models/iris'],
    [ENV.modelPath, 'pvc://claim/model.onnx'],
    [ENV.modelName, 'a/b'],
    [ENV.modelGeneration, 'newest'],
    [ENV.modelSha256, 'abc'],
    [ENV.modelTask, 'classification'],
    [ENV.modelLabels, 'a,b'],
    [ENV.modelLabels, '[1, 2]'],
    [ENV.modelLabels, '[]'],
    [ENV.modelActivation, 'Relu'],
    [ENV.batchingMaxRows, '0'],
    [ENV.batchingMaxQueuedRows, '-1'],
    [ENV.maxRequestBytes, '16Mi'],
    [ENV.requestTimeoutMs, '30s'],
    [ENV.drainTimeoutMs, '1e3'],
    [ENV.inferenceThread, 'Both'],
    [ENV.logLevel, 'loud'],
    [ENV.accessLogSampleRate, '1.5'],
    [ENV.accessLogSampleRate, '10%'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317'],
    [ENV.httpPort, '65536'],
    [ENV.metricsPort, '80 80'],
    [ENV.grpcPort, '-1'],
    [ENV.cpuLimitMillis, '500m'],
    [ENV.memoryLimitBytes, '0'],
    [ENV.storageEmulatorHost, 'localhost:4443'],
  ] as const) {
    it(`refuses ${variable}=${JSON.stringify(value)}`, () => {
      const error = thrownBy(ModelFailure, () => readConfig({ ...MODEL, [variable]: value }));
      expect(error.reason).to.equal('InvalidSpec');
      expect(error.message).to.include(value.startsWith('s3') ? 's3://' : variable);
    });
  }

  it('calls a setting as the user does', () => {
    const read = (): unknown => readConfig({ ...MODEL, [ENV.httpPort]: 'x' }, () => '--port');
    expect(thrownBy(ModelFailure, read).message).to.match(/^--port is "x"/);
  });
});
