import { expect } from 'chai';
import { FLAGS, flagOf, flagsHelp, parseServeArguments } from '../../cli/flags.ts';
import { readConfig } from '../../runtime/config.ts';
import { ENV } from '../../runtime/contract.ts';
import { ModelFailure } from '../../runtime/errors.ts';
import { thrownBy } from '../support/thrown.ts';

const settingsOf = (...args: string[]) => parseServeArguments(['./model.onnx', ...args], {}).settings;

describe('flags of serve', () => {
  it('listen on this machine only, unless told', () => {
    expect(settingsOf()).to.deep.include({ [ENV.modelPath]: './model.onnx', [ENV.host]: '127.0.0.1' });
    expect(settingsOf('--host', '0.0.0.0')[ENV.host]).to.equal('0.0.0.0');
  });

  for (const [args, variable, value] of [
    [['--port', '0'], ENV.httpPort, '0'],
    [['--grpc-port', '9092'], ENV.grpcPort, '9092'],
    [['--metrics-port=9091'], ENV.metricsPort, '9091'],
    [['--name', 'iris'], ENV.modelName, 'iris'],
    [['--generation', '17'], ENV.modelGeneration, '17'],
    [['--sha256', 'ab'], ENV.modelSha256, 'ab'],
    [['--task', 'Raw'], ENV.modelTask, 'Raw'],
    [['--labels', 'cat, "dog"'], ENV.modelLabels, String.raw`["cat","\"dog\""]`],
    [['--activation', 'Softmax'], ENV.modelActivation, 'Softmax'],
    [['--max-rows', '8'], ENV.batchingMaxRows, '8'],
    [['--max-queued-rows', '9'], ENV.batchingMaxQueuedRows, '9'],
    [['--max-request-bytes', '16Mi'], ENV.maxRequestBytes, '16777216'],
    [['--request-timeout', '1m30s'], ENV.requestTimeoutMs, '90000'],
    [['--drain-timeout', '500ms'], ENV.drainTimeoutMs, '500'],
    [['--cpu-limit', '1.5'], ENV.cpuLimitMillis, '1500'],
    [['--cpu-limit', '250m'], ENV.cpuLimitMillis, '250'],
    [['--memory-limit', '512Mi'], ENV.memoryLimitBytes, '536870912'],
    [['--inference-thread', 'Worker'], ENV.inferenceThread, 'Worker'],
    [['--access-log-sample-rate', '0.1'], ENV.accessLogSampleRate, '0.1'],
    [['--model-dir', '/tmp/models'], ENV.modelDir, '/tmp/models'],
    [['--log-level', 'debug'], ENV.logLevel, 'debug'],
  ] as const) {
    it(`turn ${args.join(' ')} into ${variable}=${value}`, () => {
      expect(settingsOf(...args)[variable]).to.equal(value);
    });
  }

  it('cover every setting of the pod but those of its surroundings', () => {
    const surroundings = [ENV.modelPath, ENV.storageEmulatorHost, ENV.googleCredentialsJson, ENV.terminationLog];
    const settable = Object.values(ENV).filter((name) => !surroundings.some((other) => other === name));
    expect(FLAGS.map(({ variable }) => variable)).to.have.members(settable);
  });

  it('take nothing from the environment but credentials and the emulator', () => {
    const { settings } = parseServeArguments(['m.onnx'], {
      [ENV.httpPort]: '1',
      [ENV.host]: 'x86_64-conda-linux-gnu',
      [ENV.storageEmulatorHost]: 'http://127.0.0.1:4443',
      [ENV.googleCredentialsJson]: '{}',
    });
    expect(settings).to.deep.include({
      [ENV.host]: '127.0.0.1',
      [ENV.storageEmulatorHost]: 'http://127.0.0.1:4443',
      [ENV.googleCredentialsJson]: '{}',
    });
    expect(settings).not.to.have.property(ENV.httpPort);
  });

  for (const [name, args, words] of [
    ['no path', [], 'serve needs a path'],
    ['two paths', ['a.onnx', 'b.onnx'], 'takes one path'],
    ['an unknown flag', ['a.onnx', '--prot', '1'], "'--prot'"],
    ['a flag without its value', ['a.onnx', '--port'], '--port'],
    ['a duration that is none', ['a.onnx', '--request-timeout', 'soon'], '--request-timeout'],
    ['a size that is none', ['a.onnx', '--memory-limit', 'much'], '--memory-limit'],
    ['cores that are none', ['a.onnx', '--cpu-limit', '1x'], '--cpu-limit'],
  ] as const) {
    it(`refuse ${name}`, () => {
      const error = thrownBy(ModelFailure, () => parseServeArguments(args, {}));
      expect(error.reason).to.equal('InvalidSpec');
      expect(error.message).to.include(words);
    });
  }

  it('are what messages about settings name', () => {
    const error = thrownBy(ModelFailure, () => readConfig(settingsOf('--max-rows', 'x'), flagOf));
    expect(error.message).to.match(/^--max-rows is "x"/);
  });

  it('have a line of help each', () => {
    expect(flagsHelp().split('\n')).to.have.length(FLAGS.length);
    expect(parseServeArguments(['--help'], {}).isHelp).to.equal(true);
  });
});
