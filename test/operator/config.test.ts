import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { DEFAULT_RUNTIME_IMAGE, InvalidConfigError, readConfig } from '../../operator/config.ts';

describe('operator config', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).to.deep.equal({
      runtimeImage: DEFAULT_RUNTIME_IMAGE,
      watchNamespaces: [],
      shard: { index: 1, count: 1 },
      workers: 8,
      leaderElect: false,
      podNamespace: 'default',
      modelPollIntervalMs: 60_000,
      storageEmulatorHost: undefined,
      healthPort: 8081,
      metricsPort: 9090,
      logLevel: 'info',
    });
  });

  it('takes every variable', () => {
    const config = readConfig({
      RUNTIME_IMAGE: 'registry.example/runtime:1',
      WATCH_NAMESPACES: 'team-a, team-b,team-a,',
      SHARD: '2/5',
      WORKERS: '32',
      LEADER_ELECT: 'true',
      POD_NAMESPACE: 'modeldeployment-system',
      MODEL_POLL_INTERVAL: '1.5m',
      STORAGE_EMULATOR_HOST: 'http://127.0.0.1:4443/',
      HEALTH_PORT: '0',
      METRICS_PORT: '10000',
      LOG_LEVEL: 'debug',
    });
    expect(config).to.deep.equal({
      runtimeImage: 'registry.example/runtime:1',
      watchNamespaces: ['team-a', 'team-b'],
      shard: { index: 2, count: 5 },
      workers: 32,
      leaderElect: true,
      podNamespace: 'modeldeployment-system',
      modelPollIntervalMs: 90_000,
      storageEmulatorHost: 'http://127.0.0.1:4443',
      healthPort: 0,
      metricsPort: 10_000,
      logLevel: 'debug',
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(readConfig({ WORKERS: '', WATCH_NAMESPACES: ' ', STORAGE_EMULATOR_HOST: '' })).to.deep.equal(readConfig({}));
  });

  const WRONG: readonly (readonly [variable: string, value: string])[] = [
    ['WATCH_NAMESPACES', 'Team_A'],
    ['SHARD', '2'],
    ['SHARD', '0/3'],
    ['SHARD', '4/3'],
    ['SHARD', '1/3x'],
    ['WORKERS', '0'],
    ['WORKERS', '257'],
    ['WORKERS', '4.5'],
    ['WORKERS', 'many'],
    ['LEADER_ELECT', 'yes'],
    ['POD_NAMESPACE', '-x'],
    ['MODEL_POLL_INTERVAL', '60'],
    ['MODEL_POLL_INTERVAL', '0s'],
    ['MODEL_POLL_INTERVAL', '-5s'],
    ['MODEL_POLL_INTERVAL', '999ms'],
    ['STORAGE_EMULATOR_HOST', 'localhost:4443'],
    ['STORAGE_EMULATOR_HOST', 'gs://bucket'],
    ['HEALTH_PORT', '65536'],
    ['METRICS_PORT', '-1'],
    ['LOG_LEVEL', 'verbose'],
  ];
  for (const [variable, value] of WRONG) {
    it(`refuses ${variable}=${value} by the variable's name`, () => {
      expect(() => readConfig({ [variable]: value })).to.throw(InvalidConfigError, `${variable}="${value}": expected `);
    });
  }

  it('names the image of this very version', () => {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), { encoding: 'utf8' }),
    );
    expect(manifest).to.have.property('version', DEFAULT_RUNTIME_IMAGE.split(':')[1]);
  });
});
