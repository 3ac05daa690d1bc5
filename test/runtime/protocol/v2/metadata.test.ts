import { expect } from 'chai';
import type { ClassificationTarget, ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { modelMetadata, repositoryIndex, serverMetadata } from '../../../../runtime/protocol/v2/metadata.ts';
import { stringifyJson } from '../../../../runtime/protocol/stringify-json.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';

const describeModel = (signature: ModelSignature): Record<string, unknown> =>
  JSON.parse(stringifyJson(modelMetadata({ name: 'm', version: '17', signature }))) as Record<string, unknown>;

const properties = (signature: ModelSignature): unknown => describeModel(signature)['properties'];

/** The sample classifier with its targets changed. */
function withTargets(...changes: readonly Partial<ClassificationTarget>[]): ModelSignature {
  const { presentation } = SAMPLES.iris;
  if (presentation.task !== 'classification') throw new Error('no classifier');
  const [target] = presentation.targets;
  const [first = target, ...rest] = changes.map((change) => ({ ...target, ...change }));
  return { ...SAMPLES.iris, presentation: { ...presentation, targets: [first, ...rest] } };
}

describe('modelMetadata', () => {
  it('describes a classifier', () => {
    expect(describeModel(SAMPLES.iris)).to.deep.equal({
      name: 'm',
      versions: ['17'],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ],
      properties: {
        task: 'classification',
        labels: '[0,1,2]',
        label_output: 'label',
        probabilities_output: 'probabilities',
      },
    });
  });

  it('shows rows as free where the graph takes a fixed number of them at once', () => {
    const fixed = signatureOf([['X', 'FP32', [8, 4]]], [['y', 'FP32', [8, 1]]], { fixedBatch: 8 });
    expect(describeModel(fixed)).to.deep.include({
      inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    });
  });

  it('shows a model without batch axis as it is, and an unknown rank as one free dimension', () => {
    expect(describeModel(SAMPLES.unbatched)['inputs']).to.deep.equal([
      { name: 'matrix', datatype: 'FP32', shape: [2, 2] },
      { name: 'factor', datatype: 'FP32', shape: [] },
    ]);
    expect(describeModel(SAMPLES.anyRank)['inputs']).to.deep.equal([{ name: 'x', datatype: 'FP32', shape: [-1] }]);
  });

  // prettier-ignore
  const cases: readonly (readonly [name: string, signature: ModelSignature, expected: Record<string, string>])[] = [
    ['raw outputs', SAMPLES.image, { task: 'raw' }],
    ['a regression', { ...SAMPLES.double, presentation: { task: 'regression', outputs: ['y'] } }, { task: 'regression' }],
    ['labels as they are in JSON', withTargets({ labels: ['a "b"', 'ä', true, 9007199254740993n] }), { task: 'classification', labels: '["a \\"b\\"","ä",true,9007199254740993]', label_output: 'label', probabilities_output: 'probabilities' }],
    ['numbers that nobody vouches for', withTargets({ scoreKind: 'unknown' }), { task: 'classification', labels: '[0,1,2]', label_output: 'label', scores_output: 'probabilities' }],
    ['a network with labels and activation', withTargets({ labels: ['cat', 'dog'], labelOutput: undefined, scoreKind: 'scores', activation: 'Softmax' }), { task: 'classification', labels: '["cat","dog"]', scores_output: 'probabilities', activation: 'Softmax' }],
    ['classes under other names', withTargets({ labels: ['a', 'b', 'c'], outputLabels: [0, 1, 2] }), { task: 'classification', labels: '["a","b","c"]', label_output_values: '[0,1,2]', label_output: 'label', probabilities_output: 'probabilities' }],
    ['labels that nobody knows', withTargets({ labels: undefined }), { task: 'classification', label_output: 'label', probabilities_output: 'probabilities' }],
    ['several targets', withTargets({ labels: [0, 1], scoreOutputs: ['p0'] }, { labels: ['x', 'y'], scoreOutputs: ['p1'] }), { task: 'classification', labels: '[[0,1],["x","y"]]', label_output: 'label', probabilities_output: 'p0,p1' }],
  ];
  for (const [name, signature, expected] of cases) {
    it(`tells of ${name} in properties`, () => {
      expect(properties(signature)).to.deep.equal(expected);
    });
  }
});

describe('serverMetadata', () => {
  it('names the server and what it speaks', () => {
    expect(serverMetadata('1.2.3')).to.deep.equal({
      name: 'modeldeployment',
      version: '1.2.3',
      extensions: ['binary_tensor_data'],
    });
  });
});

describe('repositoryIndex', () => {
  const model = { name: 'm', version: '17' };
  it('lists the one model with its state', () => {
    expect(repositoryIndex(model, { isReady: true, readyOnly: false })).to.deep.equal([
      { name: 'm', version: '17', state: 'READY', reason: '' },
    ]);
    expect(repositoryIndex(model, { isReady: false, readyOnly: false })).to.deep.equal([
      { name: 'm', version: '17', state: 'UNAVAILABLE', reason: 'shutting down' },
    ]);
  });

  it('leaves out what is not ready when asked to', () => {
    expect(repositoryIndex(model, { isReady: true, readyOnly: true })).to.have.lengthOf(1);
    expect(repositoryIndex(model, { isReady: false, readyOnly: true })).to.deep.equal([]);
  });
});
