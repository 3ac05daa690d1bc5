import { readFileSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import { concatBytes } from '../../../runtime/onnx/wire-encode.ts';
import { badModels, sampleModel } from '../../support/models.ts';
import {
  FLOAT,
  INT64,
  STRING,
  attribute,
  graph,
  identityGraph,
  mapType,
  model,
  node,
  optionalType,
  sequenceType,
  tensor,
  tensorType,
  valueInfo,
} from './build-model.ts';

function refusal(bytes: Uint8Array): ModelFailure {
  try {
    readModel(bytesSource(bytes));
  } catch (error) {
    if (error instanceof ModelFailure) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const binary = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  concatBytes(parts.map((part) => (typeof part === 'string' ? text(part) : Uint8Array.from(part))));
const GOOD = readFileSync(sampleModel('iris-lr-strings').file);

describe('files that are something else', () => {
  const FILES: readonly (readonly [name: string, bytes: Uint8Array, says: RegExp])[] = [
    ['empty', new Uint8Array(0), /^The model file is empty \(0 bytes\)/],
    [
      'an HTML page',
      text('\n<!DOCTYPE html>\n<html><body>Sign in</body></html>'),
      /HTML page.*upload the \.onnx file itself/,
    ],
    ['a storage error', text('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'), /XML/],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      /git lfs pull/,
    ],
    [
      'a pickle of protocol 4',
      binary([0x80, 4, 0x95, 0x20, 0, 0, 0, 0, 0, 0, 0], 'model'),
      /Python pickle.*skl2onnx\.to_onnx/,
    ],
    ['a pickle of protocol 0', text('ccopy_reg\n_reconstructor\np0\n(c__main__\nModel\n'), /Python pickle/],
    [
      'a joblib file',
      binary([0x80, 4, 0x95, 0x20, 0, 0, 0, 0, 0, 0, 0], 'sklearn.linear_model'),
      /joblib.*skl2onnx\.to_onnx/,
    ],
    [
      'a compressed joblib file',
      deflateSync(Buffer.from('sklearn')),
      /compressed.*not compressed; if it is a joblib file/,
    ],
    ['a gzip file', gzipSync(GOOD), /compressed file/],
    [
      'a PyTorch checkpoint (zip)',
      binary('PK\u0003\u0004', [20, 0, 0, 0], 'archive/data.pkl'),
      /zip archive.*torch\.onnx\.export/,
    ],
    ['an HDF5 file', binary([0x89], 'HDF\r\n', [0x1a, 0x0a, 0, 0, 0]), /HDF5.*tf2onnx/],
    ['safetensors', binary([0x58, 0, 0, 0, 0, 0, 0, 0], '{"weight":{"dtype":"F32","shape":[2]}}'), /safetensors/],
    ['a TensorFlow Lite model', binary([0x1c, 0, 0, 0], 'TFL3', [0, 0, 0, 0]), /TensorFlow Lite/],
    ['an ORT format model', binary([0x28, 0, 0, 0], 'ORTM', [0, 0, 0, 0]), /ORT format/],
    ['a GGUF file', binary('GGUF', [3, 0, 0, 0, 0, 0]), /GGUF/],
    ['a CatBoost model', binary('CBM1', [0, 1, 2, 3]), /save_model\("model\.onnx", format="onnx"\)/],
    ['an XGBoost model', text('{"learner":{"attributes":{},"feature_names":[]}}'), /XGBoost.*convert_xgboost/],
    ['a LightGBM model', text('tree\nversion=v4\nnum_class=1\n'), /LightGBM.*convert_lightgbm/],
    ['a tar archive', concatBytes([new Uint8Array(257), text('ustar'), new Uint8Array(250)]), /tar archive/],
    ['JSON', text('{"instances": [[1, 2, 3, 4]]}   '), /JSON text/],
    ['other text', text('Setosa, versicolor and virginica are iris species.\n'), /is text, not an ONNX model/],
    [
      'random bytes',
      Uint8Array.from({ length: 400 }, (_, index) => (index * 197 + 91) % 251),
      /not a valid ONNX model/,
    ],
    [
      'bytes that would be a length past the end',
      binary([0x0a, 0xff, 0xff, 0x7f], 'abc'),
      /starts with the bytes 0a ff ff 7f 61 62 63/,
    ],
    ['zeros', new Uint8Array(64), /not a valid ONNX model/],
    ['protobuf without a graph', binary([0x08, 0x08, 0x12, 0x02], 'me'), /no graph/],
    ['two graphs', concatBytes([model(identityGraph()), model(identityGraph())]), /more than one graph/],
    ['the first half of a model', GOOD.subarray(0, GOOD.length / 2), /^The ONNX file is truncated: it has 360 bytes/],
    ['a model without its last byte', GOOD.subarray(0, -1), /truncated/],
  ];
  for (const [name, bytes, says] of FILES) {
    it(`${name}: says what it is and what to do`, () => {
      const failure = refusal(bytes);
      expect(failure.reason).to.equal('ModelInvalid');
      expect(failure.message).to.match(says);
      expect(failure.message).to.not.include('\n');
      expect(failure.message).to.match(/[Uu]pload|[Ee]xport/);
    });
  }

  for (const bad of badModels().filter(({ name }) => name !== 'no-external-data')) {
    it(`bad/${bad.name} (${bad.what})`, () => {
      expect(refusal(readFileSync(bad.file)).message).to.match(bad.hint);
    });
  }
});

describe('models that cannot be served', () => {
  const withOutput = (type: Uint8Array): Uint8Array =>
    model(
      graph({
        nodes: [node({ op: 'Identity', inputs: ['x'], outputs: ['y'] })],
        inputs: [valueInfo('x', tensorType(FLOAT, ['N', 2]))],
        outputs: [valueInfo('odd one', type)],
      }),
    );
  const MODELS: readonly (readonly [name: string, bytes: Uint8Array, says: RegExp])[] = [
    ['a newer opset', model(identityGraph(), { opsets: [['', 27]] }), /opset 27; this runtime supports up to 26/],
    [
      'a newer ai.onnx.ml',
      model(identityGraph(), {
        opsets: [
          ['', 17],
          ['ai.onnx.ml', 6],
        ],
      }),
      /ai\.onnx\.ml opset 6.*up to 5/,
    ],
    ['a newer IR', model(identityGraph(), { irVersion: 14 }), /IR version 14; this runtime reads up to 13/],
    [
      'an unknown domain',
      model(
        graph({
          nodes: [node({ op: 'Tokenize', domain: 'ai.onnx.contrib', inputs: ['x'], outputs: ['y'] })],
          inputs: [valueInfo('x', tensorType(FLOAT, ['N']))],
          outputs: [valueInfo('y', tensorType(FLOAT, ['N']))],
        }),
      ),
      /operator "Tokenize" of the domain "ai\.onnx\.contrib"/,
    ],
    ['bfloat16', model(identityGraph(tensorType(16, ['N', 2]))), /Input "x" has the type bfloat16/],
    ['complex64', model(identityGraph(tensorType(14, ['N', 2]))), /complex64/],
    ['float8', model(identityGraph(tensorType(17, ['N', 2]))), /float8e4m3fn/],
    ['a type from the future', model(identityGraph(tensorType(99, ['N', 2]))), /type 99/],
    ['a bfloat16 output', withOutput(tensorType(16, ['N'])), /Output "odd one" has the type bfloat16/],
    [
      'a sequence input',
      model(identityGraph(sequenceType(tensorType(FLOAT)))),
      /Input "x" has the type seq\(tensor\(float\)\)/,
    ],
    [
      'a sequence that nothing constructs',
      withOutput(sequenceType(tensorType(FLOAT))),
      /Output "odd one" has the type seq\(tensor\(float\)\)/,
    ],
    ['a bare map', withOutput(mapType(INT64, tensorType(FLOAT))), /map\(int64,tensor\(float\)\)/],
    ['an optional', withOutput(optionalType(tensorType(STRING))), /optional\(tensor\(string\)\)/],
  ];
  for (const [name, bytes, says] of MODELS) {
    it(`${name} is ModelUnsupported`, () => {
      const failure = refusal(bytes);
      expect(failure.reason).to.equal('ModelUnsupported');
      expect(failure.message).to.match(says);
    });
  }

  it('accepts functions that the model brings itself', () => {
    const functionDomain = concatBytes([Uint8Array.of(0x52, 2), text('my')]);
    const functions = concatBytes([Uint8Array.of(0xca, 0x01, functionDomain.length), functionDomain]);
    const own = node({ op: 'Twice', domain: 'my', inputs: ['x'], outputs: ['y'] });
    const bytes = model(
      graph({
        nodes: [own],
        inputs: [valueInfo('x', tensorType(FLOAT, ['N']))],
        outputs: [valueInfo('y', tensorType(FLOAT, ['N']))],
      }),
    );
    expect(refusal(bytes).message).to.match(/domain "my"/);
    expect(readModel(bytesSource(concatBytes([bytes, functions]))).signature.outputs).to.have.lengthOf(1);
  });
});

describe('tensors', () => {
  const withWeights = (weights: Uint8Array): Uint8Array =>
    model(
      graph({
        nodes: [node({ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] })],
        inputs: [valueInfo('x', tensorType(FLOAT, ['N', 2]))],
        outputs: [valueInfo('y', tensorType(FLOAT, ['N', 2]))],
        initializers: [weights],
      }),
    );
  const external = (entries: Record<string, string>): Uint8Array =>
    withWeights(tensor({ name: 'w', dataType: FLOAT, dims: [2, 3], external: entries }));

  it('that claim more bytes than the file has are ModelInvalid', () => {
    const failure = refusal(
      withWeights(tensor({ name: 'w', dataType: FLOAT, dims: [1_000_000, 1_000_000], raw: new Uint8Array(8) })),
    );
    expect(failure.reason).to.equal('ModelInvalid');
    expect(failure.message).to.match(/tensor "w" \(float \[1000000,1000000\]\) needs 4000000000000 bytes but holds 8/);
  });

  it('in other files are listed with the bytes they need', () => {
    const read = (entries: Record<string, string>): unknown => readModel(bytesSource(external(entries))).externalData;
    expect(read({ location: 'model.onnx.data' })).to.deep.equal([{ location: 'model.onnx.data', minBytes: 24 }]);
    expect(read({ location: 'sub/größe 1.bin', offset: '4096', length: '24' })).to.deep.equal([
      { location: 'sub/größe 1.bin', minBytes: 4120 },
    ]);
    expect(read({ location: 'a/../b.data', offset: 'nonsense' })).to.deep.equal([
      { location: 'a/../b.data', minBytes: 24 },
    ]);
  });

  const ESCAPES = [
    '../secret',
    '/etc/passwd',
    'a/../../b',
    'C:\\weights',
    'c:/weights',
    '..\\weights',
    '',
    '.',
    './..',
    'a\0b',
    'sub/../..',
  ];
  for (const location of ESCAPES) {
    it(`in ${JSON.stringify(location)} are refused: outside of the model's folder`, () => {
      const failure = refusal(external({ location }));
      expect(failure.reason).to.equal('ModelInvalid');
      expect(failure.message).to.match(/outside of the model's folder/);
    });
  }

  it('of Constant nodes and subgraphs are looked at too', () => {
    const hidden = tensor({ name: 'w', dataType: FLOAT, dims: [1], external: { location: '../../outside' } });
    const constant = node({ op: 'Constant', outputs: ['c'], attributes: [attribute.tensor('value', hidden)] });
    const branch = graph({ nodes: [constant], outputs: [valueInfo('c', tensorType(FLOAT, [1]))] });
    const nodes = [
      node({ op: 'If', inputs: ['x'], outputs: ['y'], attributes: [attribute.graph('then_branch', branch)] }),
    ];
    const io = { inputs: [valueInfo('x', tensorType(9, [1]))], outputs: [valueInfo('y', tensorType(FLOAT, [1]))] };
    expect(refusal(model(graph({ nodes, ...io }))).message).to.match(/outside of the model's folder/);
    expect(refusal(model(graph({ nodes: [constant], ...io }))).message).to.match(/outside of the model's folder/);
  });
});
