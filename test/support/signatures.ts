import type { ModelSignature, Presentation, TensorSpec } from '../../runtime/onnx/signature.ts';
import type { Datatype } from '../../runtime/tensor/tensor.ts';

/** `['X', 'FP32', [-1, 4]]`; a shape of undefined is an unknown rank. */
export type SpecTuple = readonly [name: string, datatype: Datatype, shape: readonly number[] | undefined];

const spec = ([name, datatype, shape]: SpecTuple): TensorSpec => ({ name, datatype, shape });

/** A signature for tests, batched unless said otherwise, presenting its outputs raw. */
export function signatureOf(
  inputs: readonly SpecTuple[],
  outputs: readonly SpecTuple[] = [['y', 'FP32', [-1, 1]]],
  rest: Partial<ModelSignature> = {},
): ModelSignature {
  const presentation: Presentation = { task: 'raw', outputs: outputs.map(([name]) => name) };
  return {
    inputs: inputs.map(spec),
    outputs: outputs.map(spec),
    batched: true,
    fixedBatch: undefined,
    presentation,
    traits: { treeInputs: [] },
    ...rest,
  };
}

/** A classifier of one target with classes 0..2, label and probabilities. */
export function classifierOf(inputs: readonly SpecTuple[]): ModelSignature {
  const outputs: SpecTuple[] = [
    ['label', 'INT64', [-1]],
    ['probabilities', 'FP32', [-1, 3]],
  ];
  const target = {
    labelOutput: 'label',
    labelColumn: undefined,
    scoreOutputs: ['probabilities'],
    scoreIndex: undefined,
    scoreLayout: 'columns',
    labels: [0, 1, 2],
    outputLabels: undefined,
    scoreKind: 'probabilities',
    activation: 'None',
    recomputeLabel: false,
  } as const;
  return signatureOf(inputs, outputs, {
    presentation: { task: 'classification', targets: [target], outputs: ['label', 'probabilities'] },
  });
}

/** The signatures that request tests use, by what they stand for. */
export const SAMPLES = {
  /** A classifier over one matrix. */
  iris: classifierOf([['X', 'FP32', [-1, 4]]]),
  /** A pipeline over a DataFrame, one input for each column. */
  customers: classifierOf([
    ['age', 'INT64', [-1, 1]],
    ['monthly_fee', 'FP32', [-1, 1]],
    ['plan', 'BYTES', [-1, 1]],
    ['Amount__EUR_', 'FP64', [-1, 1]],
  ]),
  /** Two inputs with a free length. */
  tokens: signatureOf([
    ['tokens', 'INT64', [-1, -1]],
    ['mask', 'INT64', [-1, -1]],
  ]),
  image: signatureOf([['image', 'UINT8', [-1, 2, 3]]]),
  text: signatureOf([['text', 'BYTES', [-1, 1]]]),
  small: signatureOf([['x', 'INT8', [-1, 2]]]),
  half: signatureOf([['x', 'FP16', [-1, 2]]]),
  double: signatureOf([['x', 'FP64', [-1]]]),
  flags: signatureOf([['x', 'BOOL', [-1, 2]]]),
  wide: signatureOf([['id', 'INT64', [-1]]]),
  unsigned: signatureOf([['id', 'UINT64', [-1]]]),
  anyRank: signatureOf([['x', 'FP32', undefined]]),
  /** No batch axis: a matrix and a scalar. */
  unbatched: signatureOf(
    [
      ['matrix', 'FP32', [2, 2]],
      ['factor', 'FP32', []],
    ],
    [['y', 'FP32', [2, 2]]],
    { batched: false },
  ),
  /** No batch axis, one input. */
  vector: signatureOf([['v', 'FP32', [3]]], [['y', 'FP32', [3]]], { batched: false }),
} as const satisfies Record<string, ModelSignature>;
