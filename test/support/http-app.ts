import { createDoors, type AppDependencies } from '../../runtime/doors.ts';
import { listen, type HttpServer } from '../../runtime/http/server.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { ModelSignature } from '../../runtime/onnx/signature.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { ServingState } from '../../runtime/serving-state.ts';
import type { Session } from '../../runtime/session/session.ts';
import type { NamedTensors } from '../../runtime/tensor/tensor.ts';
import { SAMPLES } from './signatures.ts';

export const MODEL_NAME = 'iris';
export const GENERATION = '1718000000000000';

/** The whole HTTP surface on a port of its own, with a model in front of nothing. */
export interface ServedApp extends AsyncDisposable {
  readonly port: number;
  readonly server: HttpServer;
  readonly predictor: Predictor;
  /** Errors that were logged: mistakes of the program. */
  readonly logged: object[];
  readonly fetch: (path: string, options?: RequestInit) => Promise<Response>;
}

export interface AppOptions extends Partial<Pick<AppDependencies, 'limits'>> {
  readonly signature?: ModelSignature;
  readonly run?: Session['run'];
  /** More of what createDoors takes. */
  readonly dependencies?: Partial<AppDependencies>;
}

/** Class 0 at 0.9 for every row of `X` (or whatever the only input is called). */
export function classifyAll(feeds: NamedTensors): Promise<NamedTensors> {
  const [feed] = feeds.values();
  const rows = feed?.shape[0] ?? 0;
  const scores = Float32Array.from({ length: rows * 3 }, (_, index) => [0.9, 0.08, 0.02][index % 3]!);
  return Promise.resolve(
    new Map([
      ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows) }],
      ['probabilities', { datatype: 'FP32', shape: [rows, 3], data: scores }],
    ]),
  );
}

/** The answer of `classifyAll` to one row. */
export const PREDICTION = { label: 0, probabilities: { '0': 0.9, '1': 0.08, '2': 0.02 } };

export async function serveApp({
  signature = SAMPLES.iris,
  run = classifyAll,
  limits = { maxRequestBytes: 20_000, requestTimeoutMs: 5000 },
  dependencies = {},
}: AppOptions = {}): Promise<ServedApp> {
  const state = new ServingState();
  const logged: object[] = [];
  const record = (fields: object): void => void logged.push(fields);
  const log = { debug: () => {}, info: record, warn: record, error: record };
  const metrics = createMetrics();
  const doors = createDoors({
    modelName: MODEL_NAME,
    state,
    observe: metrics.request,
    log,
    limits,
    ...dependencies,
  });
  const server = await listen(doors, {
    host: '127.0.0.1',
    port: 0,
    requestTimeoutMs: limits.requestTimeoutMs,
  });
  const predictor = new Predictor({ session: { run }, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
  state.ready({ generation: GENERATION, signature, predictor, isAlive: () => true });
  return {
    port: server.port,
    server,
    predictor,
    logged,
    fetch: (path, options) => fetch(`http://127.0.0.1:${server.port}${path}`, options),
    async [Symbol.asyncDispose]() {
      await server.close(0);
    },
  };
}
