import { bytesField, concatBytes, varintField } from '../../runtime/onnx/wire-encode.ts';
import {
  attribute,
  FLOAT,
  graph,
  INT64,
  model,
  node,
  tensor,
  tensorType,
  valueInfo,
} from '../runtime/onnx/build-model.ts';

/** Models that are valid enough to be read, and made to harm the process that loads them. All take `x` and give `y`, `[N,4]` floats. */

const ML = 'ai.onnx.ml';
const BOOL = 9;
const rows = tensorType(FLOAT, ['N', 4]);

function floats(name: string, values: readonly number[]): Uint8Array {
  const packed = new Uint8Array(Float32Array.from(values).buffer);
  return concatBytes([bytesField(1, name), bytesField(7, packed), varintField(20, 6)]);
}

/** A regression tree that is one long branch. onnxruntime builds it recursively: 20,000 nodes overflow the stack (SIGSEGV). */
export function deepTree(depth: number): Uint8Array {
  const ids = Array.from({ length: 2 * depth + 1 }, (_, id) => id);
  const isBranch = (id: number): boolean => id % 2 === 0 && id < 2 * depth;
  const zeros = ids.map(() => 0);
  const tree = node({
    op: 'TreeEnsembleRegressor',
    domain: ML,
    inputs: ['x'],
    outputs: ['y'],
    attributes: [
      attribute.int('n_targets', 1),
      attribute.ints('nodes_treeids', zeros),
      attribute.ints('nodes_nodeids', ids),
      attribute.ints('nodes_featureids', zeros),
      attribute.strings(
        'nodes_modes',
        ids.map((id) => (isBranch(id) ? 'BRANCH_LEQ' : 'LEAF')),
      ),
      floats('nodes_values', zeros),
      attribute.ints(
        'nodes_truenodeids',
        ids.map((id) => (isBranch(id) ? id + 1 : 0)),
      ),
      attribute.ints(
        'nodes_falsenodeids',
        ids.map((id) => (isBranch(id) ? id + 2 : 0)),
      ),
      attribute.ints('target_ids', [0]),
      attribute.ints('target_nodeids', [1]),
      attribute.ints('target_treeids', [0]),
      floats('target_weights', [1]),
    ],
  });
  const outputs = [valueInfo('y', tensorType(FLOAT, ['N', 1]))];
  return model(graph({ nodes: [tree], inputs: [valueInfo('x', rows)], outputs }), {
    opsets: [
      ['', 17],
      [ML, 3],
    ],
  });
}

/** A loop over its input. @param rounds 2^20 take most of a second; the default never ends */
export function loop(rounds = 2n ** 62n): Uint8Array {
  const body = graph({
    nodes: [
      named('keep-going', { op: 'Identity', inputs: ['goes-on'], outputs: ['goes-on-out'] }),
      named('keep-value', { op: 'Identity', inputs: ['value'], outputs: ['value-out'] }),
    ],
    inputs: [
      valueInfo('round', tensorType(INT64, [])),
      valueInfo('goes-on', tensorType(BOOL, [])),
      valueInfo('value', rows),
    ],
    outputs: [valueInfo('goes-on-out', tensorType(BOOL, [])), valueInfo('value-out', rows)],
  });
  const count = new Uint8Array(BigInt64Array.of(rounds).buffer);
  const looped = named('loop', {
    op: 'Loop',
    inputs: ['rounds', 'true', 'x'],
    outputs: ['y'],
    attributes: [attribute.graph('body', body)],
  });
  return model(
    graph({
      nodes: [looped],
      inputs: [valueInfo('x', rows)],
      outputs: [valueInfo('y', rows)],
      initializers: [
        tensor({ name: 'rounds', dataType: INT64, dims: [], raw: count }),
        tensor({ name: 'true', dataType: BOOL, dims: [], raw: Uint8Array.of(1) }),
      ],
    }),
  );
}

/** Adds to its input the sum of a tensor of `elements` floats that exists only while it runs: 4 bytes each. */
export function hungry(elements: number): Uint8Array {
  const shape = new Uint8Array(BigInt64Array.of(BigInt(elements)).buffer);
  return model(
    graph({
      nodes: [
        named('shape', { op: 'Identity', inputs: ['size'], outputs: ['shape'] }),
        named('fill', { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['filled'] }),
        named('sum', {
          op: 'ReduceSum',
          inputs: ['filled'],
          outputs: ['sum'],
          attributes: [attribute.int('keepdims', 0)],
        }),
        named('add', { op: 'Add', inputs: ['x', 'sum'], outputs: ['y'] }),
      ],
      inputs: [valueInfo('x', rows)],
      outputs: [valueInfo('y', rows)],
      initializers: [tensor({ name: 'size', dataType: INT64, dims: [1], raw: shape })],
    }),
  );
}

/** onnxruntime wants every node to have a name of its own once there are subgraphs. */
function named(name: string, parts: Parameters<typeof node>[0]): Uint8Array {
  return concatBytes([node(parts), bytesField(3, name)]);
}
