import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { assemble, bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import type { TensorSpec } from '../../../runtime/onnx/signature.ts';
import { bytesField, concatBytes, varintField } from '../../../runtime/onnx/wire-encode.ts';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { sampleModel, sampleModels } from '../../support/models.ts';
import {
  DOUBLE,
  FLOAT,
  INT64,
  STRING,
  attribute,
  graph,
  identityGraph,
  mapType,
  model,
  node,
  sequenceType,
  tensor,
  tensorType,
  valueInfo,
} from './build-model.ts';
import type { Dimension, GraphParts } from './build-model.ts';
import { feedsOf, withModel } from './run-rows.ts';

const ML = 'ai.onnx.ml';
const listOfMaps = (key: number, value = FLOAT): Uint8Array => sequenceType(mapType(key, tensorType(value)));
const zipMap = (input: string, output: string, labels: readonly number[] = [4, 9]): Uint8Array =>
  node({
    op: 'ZipMap',
    domain: ML,
    inputs: [input],
    outputs: [output],
    attributes: [attribute.ints('classlabels_int64s', labels)],
  });
const X = valueInfo('x', tensorType(FLOAT, ['N', 2]));

/** A model of these parts with one `[N,2]` float input. */
function build(
  parts: GraphParts,
  opsets: readonly (readonly [string, number])[] = [
    ['', 17],
    [ML, 1],
  ],
): Uint8Array {
  return model(graph({ inputs: [X], ...parts }), { opsets });
}

/** Rewrites the model, runs it on rows, and hands over all its outputs. */
function run(
  bytes: Uint8Array,
  rows: readonly unknown[],
): Promise<{ specs: readonly TensorSpec[]; outputs: NamedTensors }> {
  return withModel(bytes, async ({ prepared, session }) => {
    const { signature } = prepared;
    const names = signature.outputs.map(({ name }) => name);
    return { specs: signature.outputs, outputs: await session.run(feedsOf(signature, rows), names) };
  });
}

const valuesOf = (outputs: NamedTensors, name: string): unknown[] => [
  ...(outputs.get(name)!.data as ArrayLike<number> & Iterable<number>),
];
const ROWS = [
  [1, 2],
  [3, 4],
];

describe('rewrite', () => {
  it('leaves a model alone that needs nothing', () => {
    expect(readModel(bytesSource(model(identityGraph()))).rewritten).to.equal(undefined);
  });

  it('turns a ZipMap into the tensor that it is fed', async () => {
    const bytes = build({ nodes: [zipMap('x', 'p')], outputs: [valueInfo('p', listOfMaps(INT64))] });
    const { specs, outputs } = await run(bytes, ROWS);
    expect(specs).to.deep.equal([{ name: 'p', datatype: 'FP32', shape: [-1, 2] }]);
    expect(outputs.get('p')!.shape).to.deep.equal([2, 2]);
    expect(valuesOf(outputs, 'p')).to.deep.equal([1, 2, 3, 4]);
  });

  it('turns a ZipMap behind Identity nodes into a tensor, stale types on the way included', async () => {
    const bytes = build({
      nodes: [
        zipMap('x', 'a'),
        node({ op: 'Identity', inputs: ['a'], outputs: ['b'] }),
        node({ op: 'Identity', inputs: ['b'], outputs: ['p'] }),
      ],
      outputs: [valueInfo('p', listOfMaps(INT64))],
      valueInfos: [valueInfo('a', listOfMaps(INT64)), valueInfo('b', listOfMaps(INT64))],
    });
    expect(valuesOf((await run(bytes, ROWS)).outputs, 'p')).to.deep.equal([1, 2, 3, 4]);
  });

  it('takes doubles into a ZipMap, declared as floats or as doubles', async () => {
    const double = node({ op: 'Cast', inputs: ['x'], outputs: ['d'], attributes: [attribute.int('to', DOUBLE)] });
    const of = (value: number): Uint8Array =>
      build({ nodes: [double, zipMap('d', 'p')], outputs: [valueInfo('p', listOfMaps(INT64, value))] });
    const asFloat = await run(of(FLOAT), ROWS);
    expect(asFloat.outputs.get('p')!.datatype).to.equal('FP32');
    const asDouble = await run(of(DOUBLE), ROWS);
    expect(asDouble.outputs.get('p')!.datatype).to.equal('FP64');
    expect(valuesOf(asDouble.outputs, 'p')).to.deep.equal([1, 2, 3, 4]);
  });

  it('gives a graph of ai.onnx.ml alone the operator set that its new node needs', async () => {
    const bytes = build({ nodes: [zipMap('x', 'p')], outputs: [valueInfo('p', listOfMaps(INT64))] }, [[ML, 1]]);
    expect(valuesOf((await run(bytes, ROWS)).outputs, 'p')).to.deep.equal([1, 2, 3, 4]);
  });

  it('tolerates an operator set that is imported twice', async () => {
    const opsets = [
      ['', 17],
      [ML, 1],
      ['', 17],
    ] as const;
    const bytes = build({ nodes: [zipMap('x', 'p')], outputs: [valueInfo('p', listOfMaps(INT64))] }, opsets);
    expect(valuesOf((await run(bytes, ROWS)).outputs, 'p')).to.deep.equal([1, 2, 3, 4]);
  });

  const negated = node({ op: 'Neg', inputs: ['x'], outputs: ['n'] });
  const sequence = node({ op: 'SequenceConstruct', inputs: ['x', 'n'], outputs: ['s'] });

  it('makes an output of each element of a sequence', async () => {
    const bytes = build({ nodes: [negated, sequence], outputs: [valueInfo('s', sequenceType(tensorType(FLOAT)))] });
    const { specs, outputs } = await run(bytes, ROWS);
    expect(specs.map(({ name }) => name)).to.deep.equal(['s[0]', 's[1]']);
    expect(valuesOf(outputs, 's[0]')).to.deep.equal([1, 2, 3, 4]);
    expect(valuesOf(outputs, 's[1]')).to.deep.equal([-1, -2, -3, -4]);
  });

  it('finds the sequence behind Identity nodes, and leaves none of them behind', async () => {
    const identities = ['s', 't'].map((name, position) =>
      node({ op: 'Identity', inputs: [name], outputs: [['t', 'u'][position]!] }),
    );
    const bytes = build({
      nodes: [negated, sequence, ...identities],
      outputs: [valueInfo('u', sequenceType(tensorType(FLOAT)))],
    });
    const { specs } = await run(bytes, ROWS);
    expect(specs.map(({ name }) => name)).to.deep.equal(['u[0]', 'u[1]']);
  });

  it('keeps a sequence that the graph goes on using', async () => {
    const zero = tensor({ name: 'zero', dataType: INT64, dims: [], raw: new Uint8Array(8) });
    const first = node({ op: 'SequenceAt', inputs: ['s', 'zero'], outputs: ['first'] });
    const bytes = build({
      nodes: [negated, sequence, first],
      initializers: [zero],
      outputs: [valueInfo('s', sequenceType(tensorType(FLOAT))), valueInfo('first', tensorType(FLOAT, ['N', 2]))],
    });
    const { outputs } = await run(bytes, ROWS);
    expect(valuesOf(outputs, 'first')).to.deep.equal([1, 2, 3, 4]);
    expect(valuesOf(outputs, 's[1]')).to.deep.equal([-1, -2, -3, -4]);
  });

  describe('of a StringNormalizer', () => {
    const lower = (locale?: string): Uint8Array =>
      model(
        graph({
          nodes: [
            node({
              op: 'StringNormalizer',
              inputs: ['text'],
              outputs: ['lower'],
              attributes: [
                attribute.string('case_change_action', 'LOWER'),
                ...(locale === undefined ? [] : [attribute.string('locale', locale)]),
                attribute.int('is_case_sensitive', 1),
              ],
            }),
          ],
          inputs: [valueInfo('text', tensorType(STRING, ['N']))],
          outputs: [valueInfo('lower', tensorType(STRING, ['N']))],
        }),
      );
    for (const locale of [undefined, 'en_US', 'en_US.UTF-8', 'de_DE.UTF-8']) {
      it(`asks for C.UTF-8 instead of ${locale ?? 'nothing'}`, async () => {
        const { outputs } = await run(lower(locale), ['ÄRGER', 'Straße', 'ПРИВЕТ']);
        expect(outputs.get('lower')!.data).to.deep.equal(['ärger', 'straße', 'привет']);
      });
    }
    for (const locale of ['C.UTF-8', 'C']) {
      it(`leaves ${locale} alone`, () => {
        expect(readModel(bytesSource(lower(locale))).rewritten).to.equal(undefined);
      });
    }
  });

  it('declares a LightGBM label per row, not [1]', () => {
    const { file } = sampleModel('iris-lightgbm');
    const { signature } = readModel(bytesSource(readFileSync(file)));
    expect(signature.outputs[0]).to.deep.equal({ name: 'label', datatype: 'BYTES', shape: [-1] });
  });

  const REGRESSORS: readonly (readonly [
    op: string,
    targets: string,
    declared: readonly Dimension[],
    shape: readonly number[],
  ])[] = [
    ['TreeEnsembleRegressor', 'n_targets', ['N'], [-1, 1]],
    ['TreeEnsembleRegressor', 'n_targets', ['N', 1], [-1, 3]],
    ['LinearRegressor', 'targets', ['N'], [-1, 2]],
  ];
  for (const [op, targets, declared, shape] of REGRESSORS) {
    it(`declares what ${op} really gives: [${shape.join()}], not [${declared.join()}]`, () => {
      const regressor = node({
        op,
        domain: ML,
        inputs: ['x'],
        outputs: ['y'],
        attributes: [attribute.int(targets, shape[1]!)],
      });
      const bytes = build({ nodes: [regressor], outputs: [valueInfo('y', tensorType(FLOAT, declared))] });
      expect(readModel(bytesSource(bytes)).signature.outputs[0]!.shape).to.deep.equal(shape);
    });
  }

  /** Labels per column, and `[2,N,2]` probabilities, as multi-output forests of skl2onnx give them. */
  const stacked = (output: Uint8Array, extra: readonly Uint8Array[]): Uint8Array => {
    const classes = tensor({
      name: 'classes',
      dataType: INT64,
      dims: [2],
      raw: new Uint8Array(new BigInt64Array([5n, 6n]).buffer),
    });
    const axis = tensor({ name: 'axis', dataType: INT64, dims: [1], raw: new Uint8Array(8) });
    const column = tensor({
      name: 'column',
      dataType: INT64,
      dims: [2],
      raw: new Uint8Array(new BigInt64Array([-1n, 1n]).buffer),
    });
    const pick = (name: string): Uint8Array[] => [
      node({ op: 'ArgMax', inputs: ['x'], outputs: [`index ${name}`], attributes: [attribute.int('axis', 1)] }),
      node({
        op: 'ArrayFeatureExtractor',
        domain: ML,
        inputs: ['classes', `index ${name}`],
        outputs: [`picked ${name}`],
      }),
      node({ op: 'Reshape', inputs: [`picked ${name}`, 'column'], outputs: [`label ${name}`] }),
    ];
    return build({
      nodes: [
        ...pick('a'),
        ...pick('b'),
        node({
          op: 'Concat',
          inputs: ['label a', 'label b'],
          outputs: ['label'],
          attributes: [attribute.int('axis', 1)],
        }),
        node({ op: 'Neg', inputs: ['x'], outputs: ['n'] }),
        node({ op: 'Unsqueeze', inputs: ['x', 'axis'], outputs: ['x3'] }),
        node({ op: 'Unsqueeze', inputs: ['n', 'axis'], outputs: ['n3'] }),
        ...extra,
      ],
      initializers: [classes, axis, column],
      outputs: [valueInfo('label', tensorType(INT64, ['N', 2])), output],
    });
  };
  const concat = (output: string): Uint8Array =>
    node({ op: 'Concat', inputs: ['x3', 'n3'], outputs: [output], attributes: [attribute.int('axis', 0)] });

  const STACKED: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['tensor', stacked(valueInfo('p', tensorType(FLOAT, [2, 'N', 2])), [concat('p')])],
    ['ZipMap', stacked(valueInfo('p', listOfMaps(INT64)), [concat('raw'), zipMap('raw', 'p')])],
  ];
  for (const [name, bytes] of STACKED) {
    it(`puts rows first where several targets are stacked (${name})`, async () => {
      const { outputs } = await run(bytes, [
        [1, 2],
        [3, 4],
        [6, 5],
      ]);
      expect(outputs.get('p')!.shape).to.deep.equal([3, 2, 2]);
      expect(valuesOf(outputs, 'p')).to.deep.equal([1, 2, -1, -2, 3, 4, -3, -4, 6, 5, -6, -5]);
      expect(valuesOf(outputs, 'label')).to.deep.equal([6n, 6n, 6n, 6n, 5n, 5n]);
    });
  }

  it('leaves subgraphs alone', () => {
    const inner = graph({ nodes: [zipMap('x', 'z')], outputs: [valueInfo('z', listOfMaps(INT64))] });
    const branches = ['then_branch', 'else_branch'].map((name) => attribute.graph(name, inner));
    const bytes = build({
      nodes: [
        node({ op: 'If', inputs: ['x'], outputs: ['w'], attributes: branches }),
        node({ op: 'Identity', inputs: ['x'], outputs: ['y'] }),
      ],
      outputs: [valueInfo('y', tensorType(FLOAT, ['N', 2]))],
    });
    expect(readModel(bytesSource(bytes)).rewritten).to.equal(undefined);
  });

  it('copies every byte that it does not have to change', () => {
    const weights = Uint8Array.from({ length: 8000 }, (_, index) => index % 251);
    const unknown = concatBytes([varintField(100, 5), bytesField(101, 'a field of a later version')]);
    const bytes = concatBytes([
      build({
        nodes: [node({ op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] }), zipMap('m', 'p')],
        initializers: [tensor({ name: 'w', dataType: FLOAT, dims: [2, 1000], raw: weights })],
        outputs: [valueInfo('p', listOfMaps(INT64))],
      }),
      unknown,
    ]);
    const source = bytesSource(bytes);
    const segments = readModel(source).rewritten!;
    const copied = segments.reduce((sum, segment) => sum + ('bytes' in segment ? 0 : segment.length), 0);
    const replaced = segments.reduce((sum, segment) => sum + ('bytes' in segment ? segment.bytes.length : 0), 0);
    expect(bytes.length - copied).to.be.below(150);
    expect(replaced).to.be.below(150);
    expect(Buffer.from(assemble(source, segments)).includes(Buffer.from(weights))).to.equal(true);
    expect(Buffer.from(assemble(source, segments)).subarray(-unknown.length)).to.deep.equal(Buffer.from(unknown));
  });

  for (const collection of ['fixtures', 'zoo'] as const) {
    it(`is done after one pass (test/models/${collection})`, () => {
      const rewritten = sampleModels(collection).flatMap(({ file, name }) => {
        const source = bytesSource(readFileSync(file));
        const segments = readModel(source).rewritten;
        return segments ? [{ name, again: readModel(bytesSource(assemble(source, segments))) }] : [];
      });
      expect(rewritten.length).to.be.above(5);
      for (const { name, again } of rewritten) {
        expect(again.rewritten, name).to.equal(undefined);
        expect(again.signature.outputs.length, name).to.be.above(0);
      }
    });
  }
});
