import { expect } from 'chai';
import { waitUntilReady, describeReady, type ObservedModel } from '../../dev/wait-until-ready.ts';
import { installation, TestNamespace, uploadSample } from './installation.ts';

interface BadModel {
  readonly name: string;
  /** File of the fixtures to upload; without one `path` names what is not there. */
  readonly file?: string;
  readonly path?: string;
  readonly spec?: object;
  readonly reason: string;
}

const GOOD = 'iris-lr-strings.onnx';
const BAD_MODELS: readonly BadModel[] = [
  { name: 'empty', file: 'bad/empty.onnx', reason: 'ModelInvalid' },
  { name: 'truncated', file: 'bad/truncated.onnx', reason: 'ModelInvalid' },
  { name: 'html-page', file: 'bad/html-page.onnx', reason: 'ModelInvalid' },
  { name: 'pickled', file: 'bad/pickled.onnx', reason: 'ModelInvalid' },
  { name: 'future-opset', file: 'bad/future-opset.onnx', reason: 'ModelUnsupported' },
  { name: 'no-external-data', file: 'bad/no-external-data.onnx', reason: 'ExternalDataMissing' },
  { name: 'no-object', path: 'gs://models/bad/nothing-here.onnx', reason: 'ModelNotFound' },
  { name: 'no-bucket', path: 'gs://no-such-bucket-here/model.onnx', reason: 'ModelNotFound' },
  { name: 'wrong-checksum', file: GOOD, spec: { model: { sha256: '0'.repeat(64) } }, reason: 'ModelChecksumMismatch' },
  { name: 'wrong-image', file: GOOD, spec: { image: 'localhost/no-such-image:1' }, reason: 'ImagePullFailed' },
  {
    name: 'too-big-for-nodes',
    file: GOOD,
    spec: { resources: { requests: { cpu: '900', memory: '64Mi' }, limits: { memory: '512Mi' } } },
    reason: 'Unschedulable',
  },
  {
    name: 'too-little-memory',
    file: GOOD,
    spec: { resources: { requests: { memory: '24Mi' }, limits: { memory: '24Mi' } } },
    reason: 'OutOfMemory',
  },
];

describe('what cannot be served says why in kubectl get', () => {
  const namespace = new TestNamespace();

  before(async () => {
    await namespace.create();
    for (const { name, file, path, spec = {} } of BAD_MODELS) {
      const uploaded = file === undefined ? path! : (await uploadSample(file, `bad/${name}.onnx`)).path;
      const { model = {}, ...rest } = spec as { model?: object };
      await namespace.applyModel(name, { ...rest, model: { path: uploaded, ...model } });
    }
  });
  after(() => namespace.delete());

  for (const { name, reason } of BAD_MODELS) {
    it(`${name}: ${reason}`, async () => {
      const model = await waitUntilReady(installation().kubectl, {
        namespace: namespace.name,
        name,
        isDone: (model) => Promise.resolve(readyReason(model) === reason),
        timeoutMs: 120_000,
      });
      expect(describeReady(model)).to.match(/: \S.{10,}/);
      expect(await namespace.kubectl('get', 'modeldeployment', name)).to.contain(reason);
    });
  }
});

function readyReason({ status }: ObservedModel): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}
