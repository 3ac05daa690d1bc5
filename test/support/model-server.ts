import { createDoors } from '../../runtime/doors.ts';
import { listen } from '../../runtime/http/server.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { ModelSignature } from '../../runtime/onnx/signature.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { ServingState } from '../../runtime/serving-state.ts';
import type { Session } from '../../runtime/session/session.ts';

/** The HTTP surface of a model in this process, on a free port. */
export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** GET, or POST of a JSON body. */
  call(path: string, body?: string): Promise<{ readonly status: number; readonly text: string }>;
}

export interface ModelToServe {
  readonly name: string;
  readonly signature: ModelSignature;
  readonly session: Pick<Session, 'run'>;
  /** Text of a V1 request that it answers. */
  readonly example: string | undefined;
}

const LIMITS = { maxRequestBytes: 16 * 1024 * 1024, requestTimeoutMs: 10_000 };
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export async function startModelServer({ name, signature, session, example }: ModelToServe): Promise<ModelServer> {
  const state = new ServingState();
  const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
  state.ready({ generation: '1718000000000000', signature, predictor, example, isAlive: () => true });
  const doors = createDoors({
    modelName: name,
    state,
    observe: createMetrics().request,
    log: SILENT,
    limits: LIMITS,
  });
  const address = { host: '127.0.0.1', port: 0, requestTimeoutMs: LIMITS.requestTimeoutMs };
  const server = await listen(doors, address);
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    async call(path, body) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', headers, body });
      return { status: response.status, text: await response.text() };
    },
    [Symbol.asyncDispose]: async () => void (await server.close(0)),
  };
}
