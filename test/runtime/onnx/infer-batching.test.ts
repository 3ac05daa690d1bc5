import { expect } from 'chai';
import { inferBatching } from '../../../runtime/onnx/infer-batching.ts';
import type { TensorSpec } from '../../../runtime/onnx/signature.ts';

type Shapes = readonly (readonly number[] | undefined)[];
const specs = (shapes: Shapes): TensorSpec[] =>
  shapes.map((shape, index) => ({ name: `t${index}`, datatype: 'FP32', shape }));

const CASES: readonly (readonly [
  name: string,
  inputs: Shapes,
  outputs: Shapes,
  batched: boolean,
  fixedBatch?: number,
])[] = [
  ['a matrix of free height', [[-1, 4]], [[-1, 3]], true],
  [
    'one input per column',
    [
      [-1, 1],
      [-1, 1],
    ],
    [[-1], [-1, 2]],
    true,
  ],
  [
    'tokens of free length',
    [
      [-1, -1],
      [-1, -1],
    ],
    [[-1, 2]],
    true,
  ],
  ['unknown rank', [undefined], [undefined], true],
  ['a scalar per row', [[-1]], [[-1]], true],
  ['a label that is wrongly declared [1]', [[-1, 4]], [[1], [-1, 3]], true],
  ['one row exactly', [[1, 4]], [[1, 2]], true, 1],
  ['eight rows exactly', [[8, 4]], [[8, 2]], true, 8],
  ['eight rows exactly, outputs left open', [[8, 4]], [undefined, [-1]], true, 8],
  ['one value exactly', [[1]], [[1]], true, 1],
  ['an image without a batch axis', [[3, 224, 224]], [[1000]], false],
  ['a vector without a batch axis', [[4]], [[4]], false],
  ['a scalar', [[]], [[]], false],
  ['a matrix to a scalar', [[-1, 4]], [[]], false],
  ['a matrix to a fixed vector', [[-1, 4]], [[10]], false],
  ['rows and a shared scalar', [[-1, 4], []], [[-1, 2]], false],
  ['rows and a fixed vector', [[-1, 4], [4]], [[-1, 2]], false],
  [
    'different fixed sizes',
    [
      [2, 4],
      [3, 4],
    ],
    [[2, 1]],
    false,
  ],
  ['no inputs', [], [[3]], false],
];

describe('inferBatching', () => {
  for (const [name, inputs, outputs, batched, fixedBatch] of CASES) {
    it(name, () => {
      expect(inferBatching(specs(inputs), specs(outputs))).to.deep.equal({ batched, fixedBatch });
    });
  }
});
