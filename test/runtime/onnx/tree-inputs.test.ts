import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { ML_DOMAIN } from '../../../runtime/onnx/node-proto.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import { sampleModel } from '../../support/models.ts';
import { attribute, FLOAT, graph, model, node, tensorType, valueInfo } from './build-model.ts';

const treeInputsOf = (file: Uint8Array): readonly string[] => readModel(bytesSource(file)).signature.traits.treeInputs;

const imputer = (input: string, output: string, replaced: number): Uint8Array =>
  node({
    op: 'Imputer',
    domain: ML_DOMAIN,
    inputs: [input],
    outputs: [output],
    attributes: [attribute.float('replaced_value_float', replaced)],
  });

/** `a` and `b` go through these nodes to `left` and `right`, which a tree ensemble takes together. */
function forest(nodes: readonly Uint8Array[]): Uint8Array {
  const column = tensorType(FLOAT, ['N', 1]);
  return model(
    graph({
      nodes: [
        ...nodes,
        node({ op: 'Concat', inputs: ['left', 'right'], outputs: ['x'], attributes: [attribute.int('axis', 1)] }),
        node({ op: 'TreeEnsembleRegressor', domain: ML_DOMAIN, inputs: ['x'], outputs: ['y'] }),
      ],
      inputs: [valueInfo('a', column), valueInfo('b', column)],
      outputs: [valueInfo('y', column)],
    }),
    {
      opsets: [
        ['', 17],
        [ML_DOMAIN, 3],
      ],
    },
  );
}
const identity = (input: string, output: string) => node({ op: 'Identity', inputs: [input], outputs: [output] });

describe('inputs whose missing values get to trees', () => {
  for (const [name, nodes, expected] of [
    ['all, when nothing is in between', [identity('a', 'left'), identity('b', 'right')], ['a', 'b']],
    ['not one behind an imputer', [imputer('a', 'left', NaN), identity('b', 'right')], ['b']],
    [
      'not one behind an imputer and more',
      [imputer('a', 'full', NaN), identity('full', 'left'), imputer('b', 'right', NaN)],
      [],
    ],
    [
      'one that has a way around the imputer',
      [imputer('a', 'left', NaN), node({ op: 'Add', inputs: ['a', 'b'], outputs: ['right'] })],
      ['a', 'b'],
    ],
    ['one whose imputer replaces something else', [imputer('a', 'left', -1), imputer('b', 'right', NaN)], ['a']],
  ] as const) {
    it(name, () => {
      expect(treeInputsOf(forest(nodes))).to.deep.equal(expected);
    });
  }

  for (const [name, expected] of [
    ['iris-xgboost', ['X']],
    ['iris-lr-strings', []],
  ] as const) {
    it(`of ${name}`, () => {
      expect(treeInputsOf(readFileSync(sampleModel(name).file))).to.deep.equal(expected);
    });
  }
});
