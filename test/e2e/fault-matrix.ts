import { gzipSync } from 'node:zlib';
import type { ConditionType, Reason } from '../../operator/api/model-deployment.ts';
import { eventually } from '../support/eventually.ts';
import { FAULTY_BUCKETS } from './faulty-storage.ts';
import { installation, upload, type TestNamespace } from './installation.ts';

type Spec = Readonly<Record<string, unknown>>;

/** One way to get a condition with a reason on a real cluster. */
export interface Fault {
  /** Of the ModelDeployment. */
  readonly name: string;
  /** Fixture that is uploaded to gs://BUCKET/faults/NAME.onnx. Default: a good model; null: nothing is uploaded. */
  readonly file?: string | null;
  /** Default: models. */
  readonly bucket?: string;
  /** Default: where `file` is. */
  readonly path?: string;
  /** Fields of the spec in place of the table's own. */
  readonly spec?: Spec | (() => Spec);
  /** Quota of a namespace of its own. */
  readonly quota?: Readonly<Record<string, string>>;
  /** Before the ModelDeployment is applied. */
  readonly before?: (model: FaultyModel) => Promise<void>;
  /** Once it is Ready. */
  readonly onceReady?: (model: FaultyModel) => Promise<void>;
  /** Once it is applied, Ready or not. */
  readonly after?: (model: FaultyModel) => Promise<void>;
  /** The condition that carries the reason. Default: Ready. */
  readonly condition?: ConditionType;
  /** What its message tells the user. */
  readonly says: RegExp;
}

/** The ModelDeployment of a case, for what happens around it. */
export interface FaultyModel {
  readonly namespace: TestNamespace;
  readonly name: string;
}

/** Small, so that all pods of the table fit on one node at the same time. */
export const SMALL_RESOURCES = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } };

/** Size of the model that is too large. */
const LARGE_MEBIBYTES = 160;

/** Where the file of a case is uploaded in its bucket. */
export const objectOf = (name: string): string => `faults/${name}.onnx`;

/** Every reason of the API, and how a real cluster gets there. */
export const FAULT_MATRIX: Readonly<Record<Reason, readonly [Fault, ...Fault[]]>> = {
  Ready: [{ name: 'good', says: /Every replica serves model generation \d+/ }],
  Resolved: [{ name: 'good-resolved', condition: 'ModelResolved', says: /exists and is readable/ }],
  ResolvedByPods: [
    {
      name: 'on-a-claim',
      file: null,
      path: 'pvc://no-such-claim/model.onnx',
      condition: 'ModelResolved',
      says: /read the model from claim no-such-claim/,
    },
  ],
  Serving: [{ name: 'good-serving', condition: 'Available', says: /answers requests/ }],
  RolloutInProgress: [{ name: 'slow-download', bucket: FAULTY_BUCKETS.stalled, says: /0 of 1 replicas serve/ }],
  ScaledToZero: [{ name: 'scaled-to-zero', spec: { replicas: 0 }, says: /nothing runs/ }],
  ModelNotFound: [
    { name: 'no-object', file: null, says: /no-object\.onnx does not exist: .* upload it/ },
    { name: 'no-bucket', file: null, bucket: 'no-such-bucket-here', says: /does not exist/ },
    { name: 'no-generation', spec: { model: { generation: '1' } }, says: /generation 1\b/ },
  ],
  ModelAccessDenied: [
    {
      name: 'forbidden',
      bucket: FAULTY_BUCKETS.forbidden,
      says: /may not read gs:\/\/forbidden\/\S+: grant it storage\.objects\.get/,
    },
  ],
  StorageUnavailable: [
    { name: 'storage-away', bucket: FAULTY_BUCKETS.unavailable, says: /could not be read from GCS \(HTTP 503\)/ },
  ],
  ModelTooLarge: [
    {
      name: 'too-large',
      file: null,
      path: 'gs://models/faults/too-large/',
      before: uploadLargeModel,
      // Room for the process itself, but not for the file.
      spec: { resources: limitMemory(`${LARGE_MEBIBYTES - 32}Mi`) },
      says: /needs more memory than the limit of 128 MiB: raise spec\.resources\.limits\.memory/,
    },
  ],
  ModelInvalid: [
    { name: 'empty', file: 'bad/empty.onnx', says: /./ },
    { name: 'truncated', file: 'bad/truncated.onnx', says: /./ },
    { name: 'html-page', file: 'bad/html-page.onnx', says: /./ },
    { name: 'pickled', file: 'bad/pickled.onnx', says: /./ },
  ],
  ModelUnsupported: [{ name: 'future-opset', file: 'bad/future-opset.onnx', says: /opset/ }],
  ModelChecksumMismatch: [{ name: 'wrong-checksum', spec: { model: { sha256: '0'.repeat(64) } }, says: /sha256/ }],
  ExternalDataMissing: [{ name: 'no-external-data', file: 'bad/no-external-data.onnx', says: /\.data/ }],
  OutOfMemory: [
    {
      name: 'too-little-memory',
      spec: { resources: limitMemory('24Mi') },
      says: /limit of 24Mi: raise spec\.resources/,
    },
  ],
  ImagePullFailed: [
    { name: 'wrong-image', spec: { image: 'localhost/no-such-image:1' }, says: /no-such-image:1 cannot be pulled/ },
  ],
  Unschedulable: [
    {
      name: 'too-big-for-nodes',
      spec: { resources: { requests: { cpu: '900', memory: '64Mi' }, limits: { memory: '512Mi' } } },
      says: /Insufficient cpu/,
    },
    { name: 'no-claim', file: null, path: 'pvc://no-such-claim/model.onnx', says: /no-such-claim/ },
  ],
  QuotaExceeded: [{ name: 'over-quota', quota: { pods: '0' }, says: /exceeded quota: few, requested: pods=1/ }],
  CrashLooping: [
    // It wants to write to its own file system, and says so in words that are not the runtime's.
    { name: 'another-program', spec: () => ({ image: installation().emulatorImage }), says: /exit code [1-9]/ },
  ],
  ProgressDeadlineExceeded: [
    {
      name: 'never-ready',
      bucket: FAULTY_BUCKETS.stalled,
      after: shortenDeadline,
      says: /did not become ready within \d+ seconds/,
    },
  ],
  ModelRejected: [
    {
      name: 'bad-generation',
      onceReady: ({ name }) => uploadAgain(name, 'bad/truncated.onnx'),
      says: /Model generation \d+ was refused \(ModelInvalid\): .* Generation \d+ serves on\./,
    },
    {
      name: 'bad-labels',
      onceReady: change({ model: { labels: ['only', 'two'] } }),
      says: /The new spec was refused \(InvalidSpec\): .* The previous spec serves on\./,
    },
    {
      name: 'less-memory',
      onceReady: change({ resources: limitMemory('24Mi') }),
      says: /The new spec was refused \(OutOfMemory\): .* The previous spec serves on\./,
    },
  ],
  ChildNotOwned: [
    { name: 'foreign-deployment', before: makeForeignDeployment, says: /Deployment foreign-deployment/ },
    { name: 'foreign-service', before: makeForeignService, says: /Service foreign-service/ },
  ],
  Paused: [{ name: 'paused', spec: { paused: true }, says: /spec\.paused is set/ }],
  InvalidSpec: [
    { name: 'no-account', spec: { serviceAccountName: 'no-such-account' }, says: /no-such-account/ },
    {
      name: 'no-secret',
      spec: { env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'no-such-secret', key: 'token' } } }] },
      says: /no-such-secret/,
    },
    { name: 'wrong-labels', spec: { model: { labels: ['only', 'two'] } }, says: /labels/ },
  ],
};

/** Cases after which pods of the state before must answer on. */
export const SERVES_ON: ReadonlySet<Reason> = new Set<Reason>(['Ready', 'Resolved', 'Serving', 'ModelRejected']);

function limitMemory(memory: string): object {
  return { requests: { cpu: '10m', memory }, limits: { memory } };
}

/** A model whose external data is far longer than it need be. Compressed, so that it is uploaded in no time. */
async function uploadLargeModel(): Promise<void> {
  const data = new Uint8Array(gzipSync(Buffer.alloc(LARGE_MEBIBYTES * 2 ** 20), { level: 1 }));
  await upload('models', 'faults/too-large/model.onnx', 'torch-mlp.onnx');
  await installation().withEmulator((emulator) =>
    emulator.upload('models', 'faults/too-large/torch-mlp.onnx.data', data, 'gzip'),
  );
}

async function uploadAgain(name: string, file: string): Promise<void> {
  await upload('models', objectOf(name), file);
}

function change(spec: object): (model: FaultyModel) => Promise<void> {
  return ({ namespace, name }) => namespace.patchModel(name, spec);
}

/**
 * The real Deployment controller finds the rollout late after a second instead of ten minutes. Paused meanwhile, because the operator
 * takes its own deadline back at once; what the controller found stays until there is progress.
 */
async function shortenDeadline({ namespace, name }: FaultyModel): Promise<void> {
  const deployment = ['deployment', name];
  const progressing = 'jsonpath={.status.conditions[?(@.type=="Progressing")].reason}';
  await eventually(() => namespace.kubectl('get', ...deployment));
  await namespace.patchModel(name, { paused: true });
  await eventually(
    async () => {
      // Until the operator has seen the pause, it repairs this.
      await namespace.kubectl('patch', ...deployment, '-p', '{"spec":{"progressDeadlineSeconds":1}}');
      const reason = await namespace.kubectl('get', ...deployment, '-o', progressing);
      if (reason !== 'ProgressDeadlineExceeded') throw new Error(`Progressing is ${reason}`);
    },
    { timeoutMs: 60_000, intervalMs: 1_000 },
  );
  await namespace.patchModel(name, { paused: false });
}

function makeForeignDeployment({ namespace, name }: FaultyModel): Promise<void> {
  const labels = { app: 'foreign' };
  const containers = [{ name: 'foreign', image: 'foreign' }];
  const spec = {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
  return namespace.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec });
}

function makeForeignService({ namespace, name }: FaultyModel): Promise<void> {
  const spec = { selector: { app: 'foreign' }, ports: [{ port: 80 }] };
  return namespace.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
}
