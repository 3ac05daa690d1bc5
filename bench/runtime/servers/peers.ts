import { dirname, join } from 'node:path';
import { LISTS, V1, V1_BARE, V2_BINARY, V2_JSON, type Format } from '../formats.ts';
import type { BenchModel } from '../models.ts';
import type { ServerDefinition } from './definition.ts';

/** A setting of a peer, by its environment. */
export type Setting = Readonly<Record<string, string>>;

/** A server that users could pick instead. */
export interface Peer {
  readonly name: string;
  readonly title: string;
  /** Folder of bench/peers with its requirements.txt and programs. */
  readonly folder: string;
  /** Program and arguments behind the environment's Python. */
  arguments(port: number, model: BenchModel): readonly string[];
  readonly readyPath: string;
  readonly json: { readonly format: Format; path(model: BenchModel): string };
  /** Path of V2 with binary tensors; undefined: it has none. */
  readonly binaryPath?: string;
  /** Whether it takes rows that are objects, as a DataFrame's are. */
  readonly takesColumns: boolean;
  /** What its best setting is searched in; the first is its default. */
  readonly settings: readonly Setting[];
}

const FOLDER = join(import.meta.dirname, '..', '..', 'peers');

const handmade = { format: V1_BARE, path: () => '/predict' };
const coalescing = {
  folder: 'fastapi',
  arguments: (port: number) => ['coalescing_server.py', String(port)],
  readyPath: '/health',
  binaryPath: '/infer',
  takesColumns: true,
} as const;

/** In the order of the table. */
export const PEERS: readonly Peer[] = [
  {
    name: 'fastapi-pickle',
    title: 'FastAPI + scikit-learn pickle, as people write it',
    folder: 'fastapi',
    arguments: (port) => ['pickle_server.py', String(port)],
    readyPath: '/health',
    json: handmade,
    takesColumns: false,
    settings: [{}],
  },
  {
    name: 'fastapi-onnx',
    title: 'FastAPI + onnxruntime',
    folder: 'fastapi',
    arguments: (port) => ['onnxruntime_server.py', String(port)],
    readyPath: '/health',
    json: handmade,
    takesColumns: false,
    settings: [{ HANDLER: 'async' }, { HANDLER: 'threads' }],
  },
  {
    ...coalescing,
    name: 'starlette',
    title: 'Starlette + orjson + onnxruntime + the same coalescing, the same answers',
    json: { format: V1, path: () => '/predict' },
    settings: [{ MAX_ROWS: '64' }, { MAX_ROWS: '512' }],
  },
  {
    ...coalescing,
    name: 'starlette-bare',
    title: 'the same, answering bare lists of numbers',
    json: handmade,
    settings: [
      { ANSWER: 'bare', MAX_ROWS: '64' },
      { ANSWER: 'bare', MAX_ROWS: '512' },
    ],
  },
  {
    name: 'kserve',
    title: "KServe's Python SDK + onnxruntime",
    folder: 'kserve',
    arguments: (port) => ['server.py', '--http_port', String(port), '--enable_latency_logging', 'false'],
    readyPath: '/v2/health/ready',
    json: { format: V1_BARE, path: ({ name }) => `/v1/models/${name}:predict` },
    takesColumns: false,
    settings: [{ HANDLER: 'async' }, { HANDLER: 'threads' }],
  },
  {
    // Without its parallel workers: of version 1.7.1 they end with uvloop 0.23 ("no current event loop"), and on one core they are one hop more.
    name: 'mlserver',
    title: 'MLServer + onnxruntime',
    folder: 'mlserver',
    arguments: (port) => ['server.py', String(port)],
    readyPath: '/v2/health/ready',
    json: { format: V2_JSON, path: ({ name }) => `/v2/models/${name}/infer` },
    takesColumns: false,
    settings: [{}, { MAX_BATCH_SIZE: '64', MAX_BATCH_TIME: '0.001' }, { MAX_BATCH_SIZE: '64', MAX_BATCH_TIME: '0.01' }],
  },
  {
    name: 'litserve',
    title: 'LitServe + onnxruntime',
    folder: 'litserve',
    arguments: (port) => ['server.py', String(port)],
    readyPath: '/health',
    json: { format: V1_BARE, path: () => '/predict' },
    takesColumns: false,
    settings: [
      {},
      { MAX_BATCH_SIZE: '64', BATCH_TIMEOUT: '0.001' },
      { MAX_BATCH_SIZE: '64', BATCH_TIMEOUT: '0.005' },
      { MAX_BATCH_SIZE: '64', BATCH_TIMEOUT: '0.001', FAST_QUEUE: '1' },
    ],
  },
  {
    name: 'bentoml',
    title: 'BentoML + onnxruntime',
    folder: 'bentoml',
    arguments: (port) => ['-m', 'bentoml', 'serve', 'service:Served', '--host', '127.0.0.1', '--port', String(port)],
    readyPath: '/readyz',
    json: { format: LISTS, path: () => '/predict' },
    takesColumns: false,
    settings: [{}, { BATCHABLE: '1' }, { BATCHABLE: '1', MAX_LATENCY_MS: '100' }],
  },
];

/** Where the programs of a peer lie. */
export function peerFolder(peer: Peer): string {
  return join(FOLDER, peer.folder);
}

/** Where the Python servers find the model: without ZipMap, which Python answers with a dictionary for each row. */
export interface PeerModel {
  readonly file: string;
  /** Undefined: nobody trained it in scikit-learn. */
  readonly pickle: string | undefined;
}

/** @param python of its virtual environment */
export function peerServer(
  peer: Peer,
  { python, models, setting }: { python: string; models: ReadonlyMap<string, PeerModel>; setting: Setting },
): ServerDefinition {
  const folder = peerFolder(peer);
  return {
    name: peer.name,
    title: peer.title,
    command(model, port) {
      const { file, pickle = '' } = models.get(model.name)!;
      return {
        command: [python, ...peer.arguments(port, model)],
        folder,
        env: {
          PYTHONPATH: `${folder}:${dirname(folder)}`,
          PYTHONDONTWRITEBYTECODE: '1',
          MODEL_FILE: file,
          MODEL_PICKLE: pickle,
          MODEL_NAME: model.name,
          MODEL_OUTPUT: model.output,
          MODEL_LABELS: JSON.stringify(model.golden.labels),
          ORT_DISABLE_TELEMETRY: '1',
          BENTOML_DO_NOT_TRACK: 'true',
          DO_NOT_TRACK: '1',
          // One core each: threads of a numerical library only get into each other's way.
          OMP_NUM_THREADS: '1',
          OPENBLAS_NUM_THREADS: '1',
          ...setting,
        },
      };
    },
    readyPath: peer.readyPath,
    protocol(format, model) {
      if (model.input === undefined && !peer.takesColumns) return undefined;
      if (format === 'v1') return { format: peer.json.format, path: peer.json.path(model), hasAnswers: true };
      if (peer.binaryPath === undefined || model.input === undefined) return undefined;
      return { format: V2_BINARY, path: peer.binaryPath, hasAnswers: true };
    },
  };
}
