import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import {
  DOUBLE,
  FLOAT,
  graph,
  identityGraph,
  INT64,
  mapType,
  model,
  node,
  optionalType,
  sequenceType,
  tensor,
  tensorType,
  valueInfo,
} from '../../runtime/onnx/build-model.ts';
import { deepTree, hungry, loop } from '../../support/hostile-models.ts';
import { modelPath } from '../../support/models.ts';
import { NodeProcess } from '../../support/runtime-process.ts';

/** Files to serve, by their names in a folder; with more than one the folder is served. */
type Files = Readonly<Record<string, string | Uint8Array>>;

interface Refused {
  readonly name: string;
  readonly files: Files;
  readonly flags?: readonly string[];
  /** The whole line. */
  readonly line: RegExp;
}

const BFLOAT16 = 16;
const rows = tensorType(FLOAT, ['N', 4]);
const add = node({ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] });
const alone = (bytes: string | Uint8Array): Files => ({ 'model.onnx': bytes });
/** x -> one node -> y */
const oneNode = (parts: Partial<Parameters<typeof node>[0]>, output: Uint8Array = rows): Files =>
  alone(
    model(
      graph({
        nodes: [node({ op: 'Identity', inputs: ['x'], outputs: ['y'], ...parts })],
        inputs: [valueInfo('x', rows)],
        outputs: [valueInfo('y', output)],
      }),
      {
        opsets: [
          ['', 17],
          ['ai.onnx.ml', 3],
        ],
      },
    ),
  );
const withWeights = (parts: Partial<Parameters<typeof tensor>[0]>): Files =>
  alone(
    model(
      graph({
        nodes: [add],
        inputs: [valueInfo('x', rows)],
        outputs: [valueInfo('y', rows)],
        initializers: [tensor({ name: 'w', dataType: FLOAT, dims: [4], ...parts })],
      }),
    ),
  );

const iris = await readFile(modelPath('iris-lr-strings.onnx'));
const REFUSED: readonly Refused[] = [
  {
    name: 'random bytes',
    files: alone(Uint8Array.from({ length: 5_000 }, (_, index) => (index * 197 + 91) % 251)),
    line: /^ModelInvalid: .*not a valid ONNX model/,
  },
  { name: 'zeros', files: alone(new Uint8Array(5_000)), line: /^ModelInvalid: .*not a valid ONNX model/ },
  {
    name: 'a zip archive',
    files: alone(Buffer.concat([Buffer.from('PK\u0003\u0004'), deflateRawSync(iris)])),
    line: /^ModelInvalid: .*zip archive.*torch\.onnx\.export/,
  },
  {
    name: 'a newer opset of ai.onnx.ml',
    files: alone(model(identityGraph(), { opsets: [['ai.onnx.ml', 6]] })),
    line: /^ModelUnsupported: .*ai\.onnx\.ml opset 6/,
  },
  {
    name: 'a newer IR version',
    files: alone(model(identityGraph(), { irVersion: 14 })),
    line: /^ModelUnsupported: .*IR version 14/,
  },
  { name: 'an operator that is none', files: oneNode({ op: 'Frobnicate' }), line: /^ModelUnsupported: .*Frobnicate/ },
  {
    name: 'an operator of another domain',
    files: oneNode({ op: 'Tokenize', domain: 'ai.onnx.contrib' }),
    line: /^ModelUnsupported: .*"Tokenize" of the domain "ai\.onnx\.contrib"/,
  },
  {
    name: 'a bfloat16 input',
    files: alone(model(identityGraph(tensorType(BFLOAT16, ['N', 4])))),
    line: /^ModelUnsupported: Input "x" has the type bfloat16/,
  },
  {
    name: 'a bfloat16 output',
    files: oneNode({}, tensorType(BFLOAT16, ['N', 4])),
    line: /^ModelUnsupported: Output "y" has the type bfloat16/,
  },
  {
    name: 'a float64 output of what computes float32',
    files: oneNode({}, tensorType(DOUBLE, ['N', 4])),
    line: /^ModelUnsupported: .*astype\(numpy\.float32\)/,
  },
  {
    name: 'a sequence input',
    files: alone(model(identityGraph(sequenceType(tensorType(FLOAT))))),
    line: /^ModelUnsupported: Input "x" has the type seq\(tensor\(float\)\)/,
  },
  {
    name: 'a sequence output',
    files: oneNode({ op: 'SplitToSequence' }, sequenceType(tensorType(FLOAT))),
    line: /^ModelUnsupported: Output "y" has the type seq\(tensor\(float\)\)/,
  },
  {
    name: 'a map output',
    files: oneNode({}, mapType(INT64, tensorType(FLOAT))),
    line: /^ModelUnsupported: Output "y" has the type map\(int64,tensor\(float\)\)/,
  },
  {
    name: 'an optional output',
    files: oneNode({ op: 'Optional' }, optionalType(tensorType(FLOAT))),
    line: /^ModelUnsupported: Output "y" has the type optional\(tensor\(float\)\)/,
  },
  {
    name: 'a tensor that claims more bytes than the file has',
    files: withWeights({ dims: [1_000_000, 1_000_000], raw: new Uint8Array(8) }),
    line: /^ModelInvalid: .*"w".* needs 4000000000000 bytes but holds 8/,
  },
  {
    name: 'external data that leaves the folder',
    files: withWeights({ external: { location: '../w.data' } }),
    line: /^ModelInvalid: .*outside of the model's folder/,
  },
  {
    name: 'a folder with several models',
    files: { 'a.onnx': iris, 'sub/b.onnx': iris },
    line: /^ModelInvalid: .*2 models \(a\.onnx, sub\/b\.onnx\)/,
  },
  {
    name: 'a folder without a model',
    files: { 'model.pkl': 'x', 'labels.json': '[]' },
    line: /^ModelInvalid: .*no \.onnx file, only labels\.json, model\.pkl/,
  },
  {
    name: 'a file larger than the memory',
    files: alone(iris),
    flags: ['--memory-limit', '500'],
    line: /^ModelTooLarge: .*more memory than the limit/,
  },
  {
    name: 'a model that needs more memory than there is',
    files: alone(hungry(2 ** 28)),
    flags: ['--memory-limit', '512Mi'],
    line: /^ModelTooLarge: .*512 MiB/,
  },
  { name: 'a model that crashes onnxruntime', files: alone(deepTree(20_000)), line: /^ModelUnsupported: .*SIGSEGV/ },
  {
    name: 'a model that never answers',
    files: alone(loop()),
    flags: ['--request-timeout', '1s'],
    line: /^ModelUnsupported: .*one row within 1 s/,
  },
  {
    name: 'a model that does not give the answers of golden.json',
    files: {
      'm.onnx': iris,
      'golden.json': '{"instances": [[5.5, 4.2, 1.4, 0.2]], "predictions": [{"label": "virginica"}]}',
    },
    line: /^ModelRejected: .*expected "virginica", got "setosa"/,
  },
  {
    name: 'a labels.json that is none',
    files: { 'm.onnx': iris, 'labels.json': 'cat, dog' },
    line: /^ModelInvalid: labels\.json .*not JSON/,
  },
];

describe('serve refuses with one line and exit code 1', function () {
  this.timeout(60_000);
  let temporary: string;
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'refused-models-'));
  });
  afterEach(() => rm(temporary, { recursive: true }));

  for (const { name, files, flags = [], line } of REFUSED) {
    it(name, async () => {
      const folder = join(temporary, 'model');
      const names = Object.keys(files);
      for (const [file, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), content);
      }
      const path = names.length === 1 ? join(folder, names[0]!) : folder;
      await using server = new NodeProcess(
        ['cli/main.ts', 'serve', path, '--port', '0', '--grpc-port', '0', '--metrics-port', '0', ...flags],
        { TMPDIR: temporary },
      );
      const { code, stdout, stderr } = await server.exit();
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr)
        .to.match(/^[^\n]+\n$/)
        .and.to.match(line);
    });
  }
});
