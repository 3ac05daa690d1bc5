import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import type { ClassificationTarget, Presentation, ScoreLayout } from '../../../runtime/onnx/signature.ts';
import { sampleModel, sampleModels } from '../../support/models.ts';
import {
  FLOAT,
  INT64,
  STRING,
  attribute,
  graph,
  mapType,
  model,
  node,
  sequenceType,
  tensor,
  tensorType,
  valueInfo,
} from './build-model.ts';

const ML = 'ai.onnx.ml';
const presentationOf = (bytes: Uint8Array): Presentation => readModel(bytesSource(bytes)).signature.presentation;

function targetsOf(presentation: Presentation): readonly ClassificationTarget[] {
  if (presentation.task !== 'classification') throw new Error(`the task is ${presentation.task}`);
  return presentation.targets;
}

describe('what the exported models say about themselves', () => {
  for (const collection of ['fixtures', 'zoo'] as const) {
    for (const sample of sampleModels(collection)) {
      it(`${sample.name}: ${sample.task}`, () => {
        const presentation = presentationOf(readFileSync(sample.file));
        if (sample.task !== 'classification') {
          expect(presentation.task).to.be.oneOf(['regression', 'raw']);
          return;
        }
        const labels = targetsOf(presentation).map((target) => target.labels);
        expect(Array.isArray(sample.labels![0]) ? labels : labels[0]).to.deep.equal(sample.labels);
      });
    }
  }
});

describe('what operators promise', () => {
  const PROMISES: readonly (readonly [name: string, kind: ClassificationTarget['scoreKind'], layout: ScoreLayout])[] = [
    ['lr-no-zipmap', 'probabilities', 'columns'],
    ['lr-binary-ints', 'probabilities', 'columns'],
    ['xgb-binary', 'probabilities', 'columns'],
    ['svc-probability', 'probabilities', 'columns'],
    ['mlp-classifier', 'probabilities', 'columns'],
    ['forest-default', 'unknown', 'columns'],
    ['linear-svc-multi', 'scores', 'columns'],
    ['ridge-multi', 'scores', 'columns'],
    ['perceptron', 'scores', 'columns'],
    ['linear-svc-binary', 'scores', 'positive'],
    ['ridge-binary', 'scores', 'positive'],
    ['svc-binary-scores', 'scores', 'mirrored'],
  ];
  for (const [name, kind, layout] of PROMISES) {
    it(`${name}: ${kind}, ${layout}`, () => {
      const [target] = targetsOf(presentationOf(readFileSync(sampleModel(name, 'zoo').file)));
      expect([target!.scoreKind, target!.scoreLayout]).to.deep.equal([kind, layout]);
    });
  }

  it('does not trust the binary label of CatBoost', () => {
    const [target] = targetsOf(presentationOf(readFileSync(sampleModel('iris-catboost').file)));
    expect(target).to.include({ labelOutput: 'label', recomputeLabel: true });
  });
});

const X = valueInfo('x', tensorType(FLOAT, ['N', 3]));
const build = (
  nodes: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
  initializers: readonly Uint8Array[] = [],
): Uint8Array =>
  model(graph({ nodes, outputs, initializers, inputs: [X] }), {
    opsets: [
      ['', 17],
      [ML, 3],
    ],
  });
const argMax = node({ op: 'ArgMax', inputs: ['x'], outputs: ['best'], attributes: [attribute.int('axis', 1)] });
const strings = (name: string, values: readonly string[]): Uint8Array =>
  tensor({ name, dataType: STRING, dims: [values.length], strings: values });
const integers = (name: string, dataType: 6 | 7, values: readonly number[]): Uint8Array => {
  const raw = dataType === 7 ? new BigInt64Array(values.map(BigInt)) : new Int32Array(values);
  return tensor({ name, dataType, dims: [values.length], raw: new Uint8Array(raw.buffer) });
};
const OUT = {
  label: valueInfo('label', tensorType(STRING, ['N'])),
  labelId: valueInfo('label', tensorType(INT64, ['N'])),
  scores: valueInfo('probabilities', tensorType(FLOAT, ['N', 3])),
};
const softmax = node({ op: 'Softmax', inputs: ['x'], outputs: ['probabilities'] });
const CLASSES = ['a', 'b', 'c'];

describe('where labels are found', () => {
  const pick = (op: string, domain: string | undefined, table: string): Uint8Array =>
    node({ op, ...(domain === undefined ? {} : { domain }), inputs: [table, 'best'], outputs: ['label'] });
  const LABELS: readonly (readonly [name: string, bytes: Uint8Array, labels: readonly unknown[] | undefined])[] = [
    [
      'a table of strings picked from by ArrayFeatureExtractor',
      build(
        [softmax, argMax, pick('ArrayFeatureExtractor', ML, 'classes')],
        [OUT.label, OUT.scores],
        [strings('classes', CLASSES)],
      ),
      CLASSES,
    ],
    [
      'a table of int64',
      build(
        [softmax, argMax, pick('ArrayFeatureExtractor', ML, 'classes')],
        [OUT.labelId, OUT.scores],
        [integers('classes', 7, [-5, 0, 7])],
      ),
      [-5, 0, 7],
    ],
    [
      'a table of int32 behind a Cast',
      build(
        [
          softmax,
          argMax,
          node({ op: 'ArrayFeatureExtractor', domain: ML, inputs: ['classes', 'best'], outputs: ['picked'] }),
          node({ op: 'Cast', inputs: ['picked'], outputs: ['label'], attributes: [attribute.int('to', INT64)] }),
        ],
        [OUT.labelId, OUT.scores],
        [integers('classes', 6, [3, 2, 1])],
      ),
      [3, 2, 1],
    ],
    [
      'a table picked from by Gather',
      build(
        [softmax, argMax, pick('Gather', undefined, 'classes')],
        [OUT.label, OUT.scores],
        [strings('classes', CLASSES)],
      ),
      CLASSES,
    ],
    [
      'a table in a Constant node',
      build(
        [
          softmax,
          argMax,
          node({ op: 'Constant', outputs: ['classes'], attributes: [attribute.tensor('value', strings('', CLASSES))] }),
          pick('Gather', undefined, 'classes'),
        ],
        [OUT.label, OUT.scores],
      ),
      CLASSES,
    ],
    [
      'a LabelEncoder from position to name',
      build(
        [
          softmax,
          argMax,
          node({
            op: 'LabelEncoder',
            domain: ML,
            inputs: ['best'],
            outputs: ['label'],
            attributes: [attribute.ints('keys_int64s', [0, 1, 2]), attribute.strings('values_strings', CLASSES)],
          }),
        ],
        [OUT.label, OUT.scores],
      ),
      CLASSES,
    ],
    [
      'an output named class_labels',
      build(
        [
          softmax,
          node({
            op: 'ArgMax',
            inputs: ['probabilities'],
            outputs: ['label'],
            attributes: [attribute.int('axis', 1), attribute.int('keepdims', 0)],
          }),
          node({ op: 'Identity', inputs: ['names'], outputs: ['class_labels'] }),
        ],
        [OUT.labelId, OUT.scores, valueInfo('class_labels', tensorType(STRING, [3]))],
        [strings('names', CLASSES)],
      ),
      CLASSES,
    ],
    [
      'nowhere: a bare ArgMax of the scores',
      build(
        [
          node({ op: 'Identity', inputs: ['x'], outputs: ['probabilities'] }),
          node({ op: 'ArgMax', inputs: ['x'], outputs: ['label'] }),
        ],
        [OUT.labelId, OUT.scores],
      ),
      undefined,
    ],
  ];
  for (const [name, bytes, labels] of LABELS) {
    it(name, () => {
      const [target] = targetsOf(presentationOf(bytes));
      expect(target!.labels).to.deep.equal(labels);
      expect([target!.labelOutput, ...target!.scoreOutputs]).to.deep.equal(['label', 'probabilities']);
    });
  }

  it('keeps integers beyond 2^53', () => {
    const wide = tensor({
      name: 'classes',
      dataType: INT64,
      dims: [3],
      raw: new Uint8Array(new BigInt64Array([0n, 1n, 2n ** 62n + 1n]).buffer),
    });
    const [target] = targetsOf(
      presentationOf(
        build([softmax, argMax, pick('ArrayFeatureExtractor', ML, 'classes')], [OUT.labelId, OUT.scores], [wide]),
      ),
    );
    expect(target!.labels).to.deep.equal([0, 1, 2n ** 62n + 1n]);
  });

  it('takes the label from the best class when the label output is only its position', () => {
    const zip = node({
      op: 'ZipMap',
      domain: ML,
      inputs: ['x'],
      outputs: ['p'],
      attributes: [attribute.ints('classlabels_int64s', [4, 8, 15])],
    });
    const maps = valueInfo('p', sequenceType(mapType(INT64, tensorType(FLOAT))));
    const bytes = build([zip, node({ op: 'ArgMax', inputs: ['x'], outputs: ['label'] })], [OUT.labelId, maps]);
    expect(targetsOf(presentationOf(bytes))[0]).to.include({ recomputeLabel: true });
  });

  it('reads a ZipMap alone as a classifier without a label output', () => {
    const zip = node({
      op: 'ZipMap',
      domain: ML,
      inputs: ['x'],
      outputs: ['p'],
      attributes: [attribute.strings('classlabels_strings', CLASSES)],
    });
    const bytes = build([zip], [valueInfo('p', sequenceType(mapType(STRING, tensorType(FLOAT))))]);
    expect(targetsOf(presentationOf(bytes))[0]).to.deep.include({
      labelOutput: undefined,
      scoreOutputs: ['p'],
      labels: CLASSES,
    });
  });

  it('reads a label alone as a classifier without numbers', () => {
    const bytes = build(
      [argMax, pick('ArrayFeatureExtractor', ML, 'classes')],
      [OUT.label],
      [strings('classes', CLASSES)],
    );
    expect(targetsOf(presentationOf(bytes))[0]).to.deep.include({
      labelOutput: 'label',
      scoreOutputs: [],
      labels: CLASSES,
    });
  });
});

describe('what is no classifier', () => {
  const RAW: readonly (readonly [name: string, bytes: Uint8Array, task: Presentation['task']])[] = [
    [
      'clusters: a label by ArgMin and distances',
      build(
        [
          node({ op: 'ArgMin', inputs: ['x'], outputs: ['label'] }),
          node({ op: 'Sqrt', inputs: ['x'], outputs: ['probabilities'] }),
        ],
        [OUT.labelId, OUT.scores],
      ),
      'raw',
    ],
    [
      'a mixture: ArgMax of something else than the other output',
      build(
        [
          node({ op: 'ArgMax', inputs: ['x'], outputs: ['label'] }),
          node({ op: 'Exp', inputs: ['x'], outputs: ['probabilities'] }),
        ],
        [OUT.labelId, OUT.scores],
      ),
      'raw',
    ],
    ['logits alone', build([node({ op: 'Neg', inputs: ['x'], outputs: ['probabilities'] })], [OUT.scores]), 'raw'],
    [
      'one number a row',
      build([node({ op: 'ReduceMean', inputs: ['x'], outputs: ['y'] })], [valueInfo('y', tensorType(FLOAT, ['N', 1]))]),
      'regression',
    ],
    [
      'several targets of a regressor',
      build(
        [
          node({
            op: 'LinearRegressor',
            domain: ML,
            inputs: ['x'],
            outputs: ['y'],
            attributes: [attribute.int('targets', 2)],
          }),
        ],
        [valueInfo('y', tensorType(FLOAT, ['N', 2]))],
      ),
      'regression',
    ],
    ['an integer a row', build([node({ op: 'ArgMax', inputs: ['x'], outputs: ['label'] })], [OUT.labelId]), 'raw'],
  ];
  for (const [name, bytes, task] of RAW) {
    it(`${name}: ${task}`, () => expect(presentationOf(bytes).task).to.equal(task));
  }

  it('survives a graph that goes in circles', () => {
    const circle = ['a', 'b'].map((name, position) =>
      node({ op: 'Identity', inputs: [name], outputs: [['b', 'a'][position]!] }),
    );
    const cast = node({ op: 'Cast', inputs: ['a'], outputs: ['label'], attributes: [attribute.int('to', INT64)] });
    expect(presentationOf(build([...circle, cast], [OUT.labelId])).task).to.equal('raw');
  });
});
