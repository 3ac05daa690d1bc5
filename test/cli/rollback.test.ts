import type { V1Deployment } from '@kubernetes/client-node';
import { expect } from 'chai';
import { previousGeneration } from '../../cli/commands/rollback.ts';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import { packTemplate } from '../../operator/packed-template.ts';
import { modelDeployment } from '../support/model-deployment.ts';

const PATH = 'gs://models/iris/model.onnx';

function remembering(lastGood?: { path?: string; generation: string }, rejected?: string): V1Deployment {
  const annotations: Record<string, string> = {};
  if (lastGood) {
    const template = {
      metadata: {
        annotations: { [ANNOTATIONS.templateHash]: 'abc', [ANNOTATIONS.modelGeneration]: lastGood.generation },
      },
    };
    const { values, shape } = packTemplate({ path: lastGood.path ?? PATH, template })!;
    annotations[ANNOTATIONS.lastGoodValues] = values;
    annotations[ANNOTATIONS.lastGoodTemplate] = shape;
  }
  if (rejected) {
    const rejection = { generation: rejected, templateHash: 'x', reason: 'ModelInvalid', message: 'It is a pickle.' };
    annotations[ANNOTATIONS.rejection] = JSON.stringify(rejection);
  }
  return { metadata: { annotations }, spec: { selector: {}, template: {} } };
}

describe('the generation to roll back to', () => {
  for (const [name, model, deployment, expected] of [
    [
      'is the one that still serves while another is rolled out',
      { generation: '2', servingGeneration: '1' },
      remembering(),
      '1',
    ],
    [
      'is the last one that served before',
      { generation: '2', servingGeneration: '2' },
      remembering({ generation: '1' }),
      '1',
    ],
    [
      'is the one that serves after another was refused',
      { generation: '1', servingGeneration: '1' },
      remembering({ generation: '1' }, '2'),
      '1',
    ],
    [
      'is none of another model',
      { generation: '2', servingGeneration: '2' },
      remembering({ path: 'gs://models/b.onnx', generation: '1' }),
      undefined,
    ],
    ['is none when there was only one', { generation: '1', servingGeneration: '1' }, remembering(), undefined],
    ['is none before the first', undefined, undefined, undefined],
  ] as const) {
    it(name, () => {
      const object = { ...modelDeployment(), status: model ? { model } : {} };
      expect(previousGeneration(object, deployment)).to.equal(expected);
    });
  }
});
