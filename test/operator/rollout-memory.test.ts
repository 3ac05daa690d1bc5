import type { V1Deployment } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { rememberedResolution } from '../../operator/remembered-resolution.ts';
import {
  modelIdentity,
  readRolloutMemory,
  withRolloutMemory,
  type DeployedRollout,
  type RolloutMemory,
} from '../../operator/rollout-memory.ts';
import { modelDeployment, type Partially } from '../support/model-deployment.ts';

const TEMPLATE = {
  metadata: {
    annotations: { 'modeldeployment.dev/model-generation': '7', 'modeldeployment.dev/template-hash': 'ab' },
  },
};

type Memory = Partial<RolloutMemory & Pick<DeployedRollout, 'applied'>>;

function deploymentWith(memory: Memory): V1Deployment {
  const object = { metadata: { name: 'iris' }, spec: { template: TEMPLATE } } as unknown as V1Deployment;
  const none = { resolvedFor: undefined, lastGood: undefined, unproven: [], rejection: undefined, applied: undefined };
  return withRolloutMemory(object, { ...none, ...memory });
}

describe('rollout memory', () => {
  it('reads back what it wrote', () => {
    const rejection = {
      generation: '8',
      templateHash: 'abc',
      reason: 'ModelInvalid',
      message: 'it’s "broken"',
      resolveNow: '1',
      retryAt: '2026-01-01T00:30:00.000Z',
    } as const;
    const lastGood = { hash: '7', values: '["7"]', shape: 'x' };
    const applied = { hash: 'ab', values: '["ab"]', shape: 'y' };
    const unproven = ['5', '6'].map((hash) => ({ hash, values: `["${hash}"]`, shape: 'z' }));
    const memory = { resolvedFor: 'x', lastGood, unproven, rejection, applied };
    expect(readRolloutMemory(deploymentWith(memory))).to.deep.equal({
      ...memory,
      generation: '7',
      templateHash: 'ab',
    });
  });

  it('does not take a template for the applied one that is not deployed', () => {
    const deployment = deploymentWith({ applied: { hash: 'cd', values: '["cd"]', shape: 'y' } });
    expect(readRolloutMemory(deployment)?.applied).to.equal(undefined);
  });

  it('leaves out the oldest of the unproven templates that do not fit into 64 Ki characters', () => {
    const unproven = ['7', '6', '5'].map((hash) => ({ hash, values: `["${hash}"]`, shape: 'x'.repeat(30_000) }));
    const read = readRolloutMemory(deploymentWith({ unproven }));
    expect(read?.unproven).to.deep.equal(unproven.slice(0, 2));
  });

  for (const text of ['', '{', 'null', '7', '{}', '["a"]', '[["a","b"]]', '[[1,2]]', '[null]']) {
    it(`takes unproven templates that somebody edited to ${text || 'nothing'} for none`, () => {
      const deployment = deploymentWith({});
      deployment.metadata!.annotations!['modeldeployment.dev/unproven-templates'] = text;
      expect(readRolloutMemory(deployment)?.unproven).to.deep.equal([]);
    });
  }

  it('knows a rejection of a template whose pods resolve the model themselves', () => {
    const rejection = { templateHash: 'abc', reason: 'InvalidSpec', message: 'm' } as const;
    const read = readRolloutMemory(deploymentWith({ rejection: { generation: undefined, ...rejection } }));
    expect(read?.rejection).to.include({ generation: undefined, ...rejection });
  });

  it('writes no annotation for what there is not', () => {
    expect(deploymentWith({}).metadata?.annotations).to.deep.equal({});
  });

  for (const text of [
    '',
    'not json',
    'null',
    '[]',
    '{"generation":8,"templateHash":"a","message":"m","reason":"ModelInvalid"}',
    '{"generation":"8"}',
    '{"generation":"8","templateHash":"a","message":"m","reason":"Nonsense"}',
  ]) {
    it(`takes a rejection that somebody edited to ${text || 'nothing'} for none`, () => {
      const deployment = deploymentWith({});
      deployment.metadata!.annotations!['modeldeployment.dev/rejection'] = text;
      expect(readRolloutMemory(deployment)?.rejection).to.equal(undefined);
    });
  }

  const SAME: readonly (readonly [name: string, change: Partially<ModelDeployment>])[] = [
    ['replicas', { spec: { replicas: 5 } }],
    ['how answers look', { spec: { model: { task: 'Raw', labels: ['a'] } } }],
    ['resolve-now of one that follows', { metadata: { annotations: { 'modeldeployment.dev/resolve-now': '1' } } }],
  ];
  for (const [name, change] of SAME) {
    it(`asks for the same model whatever ${name}`, () => {
      expect(modelIdentity(modelDeployment(change))).to.equal(modelIdentity(modelDeployment()));
    });
  }
  const OTHER: readonly (readonly [name: string, change: Partially<ModelDeployment>])[] = [
    ['path', { spec: { model: { path: 'gs://models/other.onnx' } } }],
    ['generation', { spec: { model: { generation: '1' } } }],
    ['checksum', { spec: { model: { sha256: 'a'.repeat(64) } } }],
    [
      'resolve-now of one that is pinned',
      {
        metadata: { annotations: { 'modeldeployment.dev/resolve-now': '1' } },
        spec: { model: { updates: 'Pinned' } },
      },
    ],
  ];
  for (const [name, change] of OTHER) {
    it(`asks for another model with another ${name}`, () => {
      expect(modelIdentity(modelDeployment(change))).to.not.equal(modelIdentity(modelDeployment()));
    });
  }
});

describe('rememberedResolution', () => {
  const STATUS = {
    path: 'gs://models/iris/model.onnx',
    generation: '7',
    sizeBytes: 9,
    resolvedAt: '2026-01-01T00:00:00Z',
  };
  const pinned = (model: object = {}, status: object = STATUS): ModelDeployment =>
    modelDeployment({ spec: { model: { updates: 'Pinned', ...model } }, status: { model: status } });
  const deployed = (object: ModelDeployment, memory: Memory = {}): V1Deployment =>
    deploymentWith({ resolvedFor: modelIdentity(object), ...memory });

  it('is what was resolved first', () => {
    const object = pinned();
    const { path: _path, ...known } = STATUS;
    expect(rememberedResolution(object, deployed(object))).to.deep.equal({ kind: 'resolved', ...known });
  });

  it('is none for one that follows', () => {
    const object = pinned({ updates: 'Follow' });
    expect(rememberedResolution(object, deployed(object))).to.equal(undefined);
  });

  it('is none before the first rollout, for another path, or while status does not know', () => {
    const object = pinned();
    expect(rememberedResolution(object, undefined)).to.equal(undefined);
    expect(rememberedResolution(object, deployed(pinned({ path: 'gs://models/x.onnx' })))).to.equal(undefined);
    expect(rememberedResolution(pinned({}, { ...STATUS, generation: '6' }), deployed(object))).to.equal(undefined);
    expect(rememberedResolution(pinned({}, {}), deployed(object))).to.equal(undefined);
  });

  it('is none while a generation is refused, and holds still while a spec is', () => {
    const object = pinned();
    const rejection = { templateHash: 'a', reason: 'ModelInvalid', message: 'm' } as const;
    const refused = (generation: string) => deployed(object, { rejection: { ...rejection, generation } });
    expect(rememberedResolution(object, refused('8'))).to.equal(undefined);
    expect(rememberedResolution(object, refused('7'))).to.include({ generation: '7' });
  });
});
