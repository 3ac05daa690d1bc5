import { expect } from 'chai';
import * as fc from 'fast-check';
import type { V1Deployment, V1Service } from '@kubernetes/client-node';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../../operator/api/labels.ts';
import {
  InvalidSpecError,
  makeDesiredResources,
  type Rollout,
  type TemplateConfig,
} from '../../../operator/resources/index.ts';
import { ENV, USER_ENV } from '../../../runtime/contract.ts';
import { goldenCases } from '../../support/golden.ts';
import { modelDeployment, type Partially } from '../../support/model-deployment.ts';

interface Input {
  readonly modelDeployment: Partially<ModelDeployment>;
  readonly rollout?: Partial<Rollout>;
  readonly config?: TemplateConfig;
}

const CONFIG: TemplateConfig = { runtimeImage: 'modeldeployment-runtime:0.1.0', storageEmulatorHost: undefined };
const ROLLOUT: Rollout = { generation: '1718000000000000' };

function deploymentOf(written: Partially<ModelDeployment> = {}, rollout: Rollout = ROLLOUT): V1Deployment {
  const resources = makeDesiredResources(modelDeployment(written), rollout, CONFIG);
  return resources.find(({ kind }) => kind === 'Deployment') as V1Deployment;
}
const hashOf = (deployment: V1Deployment): string | undefined =>
  deployment.metadata?.annotations?.[ANNOTATIONS.templateHash];

describe('makeDesiredResources', () => {
  for (const { name, input, expectOutput } of goldenCases(import.meta.dirname)) {
    it(`makes ${name}.out.yaml of ${name}.in.yaml`, () => {
      const { modelDeployment: written, rollout, config } = input as Input;
      expectOutput(
        makeDesiredResources(modelDeployment(written), { generation: undefined, ...rollout }, config ?? CONFIG),
      );
    });
  }

  describe('template hash', () => {
    const untouched: readonly (readonly [name: string, change: Partially<ModelDeployment>])[] = [
      ['replicas', { spec: { replicas: 5 } }],
      ['the Service', { spec: { service: { type: 'NodePort', port: 8080 } } }],
      ['a setting that is the default', { spec: { requestTimeout: '30000ms', maxRequestBytes: 16_777_216 } }],
      [
        'another spelling of the same quantity',
        { spec: { resources: { requests: { cpu: '0.1', memory: '256Mi' }, limits: { memory: '0.5Gi' } } } },
      ],
      ['the generation of the object', { metadata: { generation: 99 } }],
      ['pausing', { spec: { paused: true } }],
    ];
    for (const [name, change] of untouched) {
      it(`is not changed by ${name}`, () => {
        expect(hashOf(deploymentOf(change))).to.equal(hashOf(deploymentOf()));
      });
    }

    const changing: readonly (readonly [name: string, change: Partially<ModelDeployment>])[] = [
      ['the path', { spec: { model: { path: 'gs://models/iris/other.onnx' } } }],
      ['the image', { spec: { image: 'runtime:2' } }],
      ['a pod annotation', { spec: { podAnnotations: { a: 'b' } } }],
      ['memory', { spec: { resources: { limits: { memory: '1Gi' } } } }],
    ];
    for (const [name, change] of changing) {
      it(`is changed by ${name}`, () => {
        expect(hashOf(deploymentOf(change))).not.to.equal(hashOf(deploymentOf()));
      });
    }

    it('is changed by the model generation', () => {
      expect(hashOf(deploymentOf({}, { generation: '2' }))).not.to.equal(hashOf(deploymentOf()));
    });

    it('is the same on the Deployment and on its pods', () => {
      const deployment = deploymentOf();
      expect(deployment.spec?.template.metadata?.annotations?.[ANNOTATIONS.templateHash]).to.equal(hashOf(deployment));
    });
  });

  describe('refuses what passes no schema but could still arrive', () => {
    const rows: readonly (readonly [name: string, written: Partially<ModelDeployment>, field: string])[] = [
      ['a name that no Service can have', { metadata: { name: '1st-model' } }, 'metadata.name'],
      ['a name that is too long', { metadata: { name: 'm'.repeat(64) } }, 'metadata.name'],
      ['an unknown scheme', { spec: { model: { path: 's3://bucket/model.onnx' } } }, 'spec.model.path'],
      ['no duration', { spec: { requestTimeout: 'soon' } }, 'spec.requestTimeout'],
      ['no quantity', { spec: { maxRequestBytes: 'much' } }, 'spec.maxRequestBytes'],
      ['no resource quantity', { spec: { resources: { limits: { memory: '1 GB' } } } }, 'spec.resources.limits.memory'],
      [
        'no metric quantity',
        {
          spec: {
            autoscaling: {
              maxReplicas: 2,
              metrics: [
                { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: 'x' } } },
              ],
            },
          },
        },
        'spec.autoscaling.metrics[0].pods.target.averageValue',
      ],
    ];
    for (const [name, written, field] of rows) {
      it(`${name}, naming the field`, () => {
        expect(() => makeDesiredResources(modelDeployment(written), ROLLOUT, CONFIG))
          .to.throw(InvalidSpecError)
          .with.property('message')
          .that.matches(new RegExp(`^${field.replaceAll(/[.[\]]/g, String.raw`\$&`)}: `));
      });
    }
  });

  it('fits a name of 63 characters', () => {
    const resources = makeDesiredResources(modelDeployment({ metadata: { name: 'm'.repeat(63) } }), ROLLOUT, CONFIG);
    expect(new Set(resources.map(({ metadata }) => metadata?.name))).to.deep.equal(new Set(['m'.repeat(63)]));
  });

  it('lets the Service choose exactly the pods of the template', () => {
    const resources = makeDesiredResources(modelDeployment({ spec: { podLabels: { a: 'b' } } }), ROLLOUT, CONFIG);
    const service = resources.find(({ kind }) => kind === 'Service') as V1Service;
    const deployment = resources.find(({ kind }) => kind === 'Deployment') as V1Deployment;
    expect(deployment.spec?.template.metadata?.labels).to.include(service.spec?.selector);
    expect(deployment.spec?.selector.matchLabels).to.deep.equal(service.spec?.selector);
  });

  it('never lets a variable of the user stand for one of the contract (property)', () => {
    const owned = Object.values(ENV).filter((name) => !USER_ENV.includes(name));
    fc.assert(
      fc.property(fc.constantFrom(...owned), fc.string({ minLength: 1 }), (name, value) => {
        const plain = deploymentOf().spec?.template;
        expect(deploymentOf({ spec: { env: [{ name, value }] } }).spec?.template).to.deep.equal(plain);
      }),
      { numRuns: 50 },
    );
  });

  it('hands any path and label to the process as it was written, past the kubelet (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', '_') }), (text) => {
        const written = { spec: { model: { path: `gs://models/${text}x`, labels: [text, 'other'] } } };
        const env = deploymentOf(written).spec?.template.spec?.containers[0]?.env ?? [];
        const valueOf = (name: string): string => expandAsKubelet(env.find((item) => item.name === name)?.value ?? '');
        expect(valueOf(ENV.modelPath)).to.equal(`gs://models/${text}x`);
        expect(JSON.parse(valueOf(ENV.modelLabels))).to.deep.equal([text, 'other']);
      }),
    );
  });
});

/** Expansion of `$(NAME)` by the kubelet with nothing defined: `$$` is `$`, an unknown reference stays. */
function expandAsKubelet(value: string): string {
  return value.replaceAll(/\$\$|\$\([^)]*\)/g, (match) => (match === '$$' ? '$' : `<${match}>`));
}
