import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import type { ClassificationTarget, PreparedModel, Presentation } from '../../../runtime/onnx/signature.ts';
import { applyModelSettings } from '../../../runtime/presentation/settings.ts';
import type { ModelSettings } from '../../../runtime/presentation/settings.ts';
import { sampleModel } from '../../support/models.ts';
import { FLOAT, graph, model, node, tensorType, valueInfo } from '../onnx/build-model.ts';
import type { Dimension } from '../onnx/build-model.ts';

const AUTO: ModelSettings = { task: 'Auto', labels: undefined, activation: 'None' };
const ABC = ['a', 'b', 'c'];

/** A neural network whose last operator is `op`, with one float output of this shape. */
function network(
  shape: readonly Dimension[] = ['N', 3],
  op = 'Relu',
  metadata: Readonly<Record<string, string>> = {},
): PreparedModel {
  const parts = {
    nodes: [node({ op, inputs: ['x'], outputs: ['logits'] })],
    inputs: [valueInfo('x', tensorType(FLOAT, shape))],
    outputs: [valueInfo('logits', tensorType(FLOAT, shape))],
  };
  return readModel(bytesSource(model(graph(parts), { metadata })));
}
const sample = (name: string): PreparedModel => readModel(bytesSource(readFileSync(sampleModel(name).file)));
const apply = (prepared: PreparedModel, settings: Partial<ModelSettings>): Presentation =>
  applyModelSettings(prepared, { ...AUTO, ...settings }).presentation;

function targetOf(prepared: PreparedModel, settings: Partial<ModelSettings>): ClassificationTarget {
  const presentation = apply(prepared, settings);
  if (presentation.task !== 'classification') throw new Error(`the task is ${presentation.task}`);
  return presentation.targets[0];
}

describe('applyModelSettings', () => {
  it('leaves everything to the graph by default', () => {
    const prepared = sample('iris-lr-strings');
    expect(applyModelSettings(prepared, AUTO)).to.deep.equal(prepared.signature);
    expect(apply(network(), {}).task).to.equal('raw');
  });

  const CLASSIFIED: readonly (readonly [
    name: string,
    prepared: PreparedModel,
    settings: Partial<ModelSettings>,
    labels: readonly unknown[] | undefined,
  ])[] = [
    ['labels of the spec', network(), { labels: ABC }, ABC],
    ['an activation', network(), { activation: 'Softmax' }, undefined],
    ['the task alone', network(), { task: 'Classification' }, undefined],
    ['labels.json of the right length', network(), { labelsFile: ABC }, ABC],
    ['labels.json where the width is open', network(['N', null]), { labelsFile: ABC }, ABC],
    ['two names in labels.json for one logit', network(['N', 1]), { labelsFile: ['no', 'yes'] }, ['no', 'yes']],
    ['metadata_props of the right length', network(undefined, 'Relu', { names: "{0: 'a', 1: 'b', 2: 'c'}" }), {}, ABC],
    [
      'the spec before labels.json and metadata',
      network(undefined, 'Relu', { labels: '["x","y","z"]' }),
      { labels: ABC, labelsFile: ['r', 's', 't'] },
      ABC,
    ],
    ['labels.json before metadata', network(undefined, 'Relu', { labels: '["x","y","z"]' }), { labelsFile: ABC }, ABC],
    [
      'the graph before labels.json',
      sample('iris-lr-strings'),
      { labelsFile: ABC },
      ['setosa', 'versicolor', 'virginica'],
    ],
    ['the spec before the graph', sample('iris-rf-tensor'), { labels: ABC }, ABC],
  ];
  for (const [name, prepared, settings, labels] of CLASSIFIED) {
    it(`makes a classifier: ${name}`, () => expect(targetOf(prepared, settings).labels).to.deep.equal(labels));
  }

  const NOT_CLASSIFIED: readonly (readonly [
    name: string,
    prepared: PreparedModel,
    settings: Partial<ModelSettings>,
  ])[] = [
    ['labels.json of another length', network(), { labelsFile: ['a', 'b'] }],
    ['labels.json for an image output', network(['N', 3, 8, 8]), { labelsFile: ABC }],
    ['metadata_props of another length', network(undefined, 'Relu', { labels: '["a","b"]' }), {}],
  ];
  for (const [name, prepared, settings] of NOT_CLASSIFIED) {
    it(`makes no classifier by itself: ${name}`, () => expect(apply(prepared, settings).task).to.equal('raw'));
  }

  it('renames the labels that the graph gives', () => {
    const target = targetOf(sample('iris-rf-tensor'), { labels: ABC });
    expect(target).to.deep.include({ labels: ABC, outputLabels: [0, 1, 2], labelOutput: 'label' });
  });

  it('takes one number a row as that of the second class', () => {
    expect(targetOf(network(['N', 1]), { task: 'Classification' })).to.include({ scoreLayout: 'positive' });
    expect(targetOf(network(['N']), { labels: ['no', 'yes'], activation: 'Sigmoid' })).to.include({
      scoreLayout: 'positive',
      activation: 'Sigmoid',
    });
  });

  it('knows what the last operator promises', () => {
    expect(targetOf(network(undefined, 'Softmax'), { labels: ABC }).scoreKind).to.equal('probabilities');
    expect(targetOf(network(undefined, 'Relu'), { labels: ABC }).scoreKind).to.equal('unknown');
  });

  it('shows every output raw when asked to', () => {
    expect(apply(sample('iris-lr-strings'), { task: 'Raw' })).to.deep.equal({
      task: 'raw',
      outputs: ['output_label', 'output_probability'],
    });
  });

  it('takes a single numeric output as a regression', () => {
    expect(apply(network(), { task: 'Regression' })).to.deep.equal({ task: 'regression', outputs: ['logits'] });
  });

  const REFUSED: readonly (readonly [
    name: string,
    prepared: PreparedModel,
    settings: Partial<ModelSettings>,
    says: RegExp,
  ])[] = [
    [
      'labels that are too few',
      network(),
      { labels: ['a', 'b'] },
      /model\.labels has 2 names, but the model has 3 classes/,
    ],
    [
      'labels that are too many for the graph',
      sample('iris-lr-strings'),
      { labels: ['a', 'b', 'c', 'd'] },
      /4 names.*3 classes/,
    ],
    [
      'three labels for one logit',
      network(['N', 1]),
      { labels: ABC },
      /one number per row, which tells two classes apart; model\.labels has 3/,
    ],
    ['labels for several targets', sample('iris-two-targets'), { labels: ABC }, /several targets/],
    ['an activation for several targets', sample('iris-two-targets'), { activation: 'Softmax' }, /several targets/],
    [
      'an image output as classes',
      network(['N', 3, 8, 8]),
      { task: 'Classification' },
      /needs a float output of shape \[rows, classes\]; the model has "logits" \(FP32 \[-1,3,8,8\]\)/,
    ],
    ['text as classes', sample('echo-strings'), { labels: ABC }, /needs a float output/],
    [
      'Softmax on probabilities',
      network(undefined, 'Softmax'),
      { activation: 'Softmax' },
      /already holds probabilities/,
    ],
    ['Softmax on one logit', network(['N', 1]), { activation: 'Softmax' }, /use Sigmoid/],
    ['Regression of a classifier', sample('iris-lr-strings'), { task: 'Regression' }, /is a classifier/],
    [
      'Regression of two outputs',
      sample('iris-kmeans'),
      { task: 'Regression' },
      /exactly one numeric output; the model has "label" \(INT64 \[-1\]\), "scores"/,
    ],
    ['Regression of text', sample('echo-strings'), { task: 'Regression' }, /exactly one numeric output/],
    ['labels with Raw', network(), { task: 'Raw', labels: ABC }, /model\.labels is given, but model\.task is Raw/],
    [
      'an activation with Regression',
      network(),
      { task: 'Regression', activation: 'Sigmoid' },
      /needs model\.task Classification/,
    ],
  ];
  for (const [name, prepared, settings, says] of REFUSED) {
    it(`refuses ${name}`, () => {
      expect(() => apply(prepared, settings))
        .to.throw(ModelFailure, says)
        .with.property('reason', 'InvalidSpec');
    });
  }

  it('refuses labels.json of another length once the model is to be a classifier', () => {
    expect(() => apply(network(), { task: 'Classification', labelsFile: ['a', 'b'] }))
      .to.throw(ModelFailure, 'labels.json beside the model has 2 names, but the model has 3 classes')
      .with.property('reason', 'ModelInvalid');
  });
});
