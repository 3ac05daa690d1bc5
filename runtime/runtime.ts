import { setTimeout as delay } from 'node:timers/promises';
import { createModelStore } from '../storage/index.ts';
import type { DownloadedModel, ModelStore } from '../storage/model-store.ts';
import { createDoors } from './doors.ts';
import type { RuntimeConfig } from './config.ts';
import { exampleRequest } from './docs/example-request.ts';
import { inferRequest } from './docs/v2-schemas.ts';
import { downloadModel } from './download-model.ts';
import type { GrpcServer } from './grpc/server.ts';
import { metricsHandler } from './http/metrics-handler.ts';
import { listen, type HttpServer } from './http/server.ts';
import { loadModel, type LoadedModel } from './load-model.ts';
import type { Logger } from './log.ts';
import { createMetrics, type RuntimeMetrics } from './metrics.ts';
import { Predictor } from './predictor.ts';
import { decodeV1Request } from './protocol/v1/decode-request.ts';
import { stringifyJson } from './protocol/stringify-json.ts';
import { createRequestObservers, type RequestObservers } from './request-observers.ts';
import { runSelfCheck } from './self-check.ts';
import { ServingState } from './serving-state.ts';

export interface StartOptions {
  readonly log: Logger;
  /** Stops loading. */
  readonly signal: AbortSignal;
  /** Whether this process is started again should it die; default false. */
  readonly isRestarted?: boolean;
  /** Default: as the path says. */
  readonly store?: ModelStore;
  /** How long storage that does not answer is asked again; default 120,000. */
  readonly retryForMs?: number;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** A process that serves one model. */
export interface Runtime {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly downloaded: DownloadedModel;
  readonly loaded: LoadedModel;
  /**
   * Ends it: unready at once, serving on for `lagMs` while others learn of it, then no new connections, and requests in flight get the
   * drain timeout.
   * @returns whether all of them were answered
   */
  stop(lagMs: number): Promise<boolean>;
}

interface Serving {
  readonly state: ServingState;
  readonly metrics: RuntimeMetrics;
  readonly observers: RequestObservers;
  readonly servers: Servers;
}

interface Servers {
  readonly http: HttpServer;
  readonly metrics: HttpServer;
  /** Loaded while the model's trial computes. */
  readonly grpc: Promise<GrpcServer>;
}

/** A collector that does not answer must not hold up the end of a pod. */
const TRACES_TIMEOUT_MS = 2_000;
/** Requests that a self-check may take the time of: loading ends some day. */
const SELF_CHECK_TIMEOUTS = 10;

/**
 * Listens, so that health checks are answered from the start, then loads the model, and resolves when it is ready.
 * @throws ModelFailure when the model cannot be served, nothing is left running; the signal's reason
 */
export async function startRuntime(config: RuntimeConfig, options: StartOptions): Promise<Runtime> {
  const serving = await startServers(config, options.log);
  const { http, metrics, grpc } = serving.servers;
  const failed = new AbortController();
  grpc.catch((error: unknown) => failed.abort(error));
  try {
    return await serveModel(config, serving, { ...options, signal: AbortSignal.any([options.signal, failed.signal]) });
  } catch (error) {
    const [opened] = await Promise.allSettled([grpc]);
    const open = [http, metrics, ...(opened.status === 'fulfilled' ? [opened.value] : [])];
    await Promise.all(open.map((server) => server.close(0)));
    throw error;
  }
}

async function startServers(config: RuntimeConfig, log: Logger): Promise<Serving> {
  const { http, grpc, model } = config;
  const state = new ServingState();
  const metrics = createMetrics();
  metrics.ready(false);
  const observers = await createRequestObservers(config, metrics, log);
  const { observe } = observers;
  const doors = createDoors({ modelName: model.name, state, observe, log, limits: http, vertex: http.vertex });
  const { host, requestTimeoutMs } = http;
  const httpServer = await listen(doors, { host, port: http.port, requestTimeoutMs });
  try {
    const metricsServer = await listen(
      { listener: metricsHandler(metrics) },
      { host, port: http.metricsPort, requestTimeoutMs },
    );
    const startGrpc = async (): Promise<GrpcServer> => {
      const { listenGrpc } = await import('./grpc/server.ts');
      const server = await listenGrpc({ modelName: model.name, state, observe, log, host, requestTimeoutMs, ...grpc });
      const [httpPort, grpcPort, metricsPort] = [httpServer.port, server.port, metricsServer.port];
      log.info({ host, httpPort, grpcPort, metricsPort }, 'listening');
      return server;
    };
    return { state, metrics, observers, servers: { http: httpServer, metrics: metricsServer, grpc: startGrpc() } };
  } catch (error) {
    await httpServer.close(0);
    throw error;
  }
}

async function serveModel(
  config: RuntimeConfig,
  { state, metrics, observers, servers }: Serving,
  {
    log,
    signal,
    isRestarted,
    store = createModelStore(config.storage),
    retryForMs = 120_000,
    onProgress,
  }: StartOptions,
): Promise<Runtime> {
  const { http, model, batching } = config;
  const startedMs = performance.now();
  const downloaded = await downloadModel(model, { store, log, signal, retryForMs, onProgress });
  const { generation, sha256, sizeBytes } = downloaded;
  log.info({ generation, sha256, sizeBytes, tookMs: Math.round(performance.now() - startedMs) }, 'model downloaded');

  const loaded = await loadModel(downloaded, config, { log, signal, isRestarted });
  const { session, signature, thread, golden } = loaded;
  for (const warning of loaded.warnings) log.warn({ warning }, 'model warning');
  const predictor = new Predictor({
    session,
    signature,
    batching: { ...batching, runsAhead: thread === 'Worker', onRun: metrics.run },
  });
  let grpc: GrpcServer;
  try {
    if (golden !== undefined) {
      const deadlineMs = performance.now() + SELF_CHECK_TIMEOUTS * http.requestTimeoutMs;
      const rows = await runSelfCheck(golden, predictor, { signature, deadlineMs });
      log.info({ rows }, 'self-check passed');
    }
    grpc = await servers.grpc;
    signal.throwIfAborted();
  } catch (error) {
    await session.close();
    throw error;
  }
  const { task } = signature.presentation;
  metrics.model({ name: model.name, generation, sha256, task, thread }, () => predictor.queuedRows);
  const request = exampleRequest(signature, { golden, feeds: loaded.exampleFeeds });
  const example = request === undefined ? undefined : stringifyJson(request);
  const exampleV2 = example && stringifyJson(inferRequest(decodeV1Request(example, signature).feeds));
  state.ready({ generation, signature, predictor, example, exampleV2, isAlive: () => session.isAlive() });
  metrics.ready(true);
  const tookMs = Math.round(performance.now() - startedMs);
  log.info({ model: model.name, generation, task, thread, oneRowMs: loaded.oneRowMs, tookMs }, 'ready');

  return {
    httpPort: servers.http.port,
    grpcPort: grpc.port,
    metricsPort: servers.metrics.port,
    downloaded,
    loaded,
    async stop(lagMs) {
      state.drain();
      metrics.ready(false);
      log.info({ lagMs }, 'ending: not ready any more');
      await delay(lagMs);
      const drained = await Promise.all([servers.http, grpc].map((server) => server.close(http.drainTimeoutMs)));
      const isDrained = drained.every(Boolean);
      await observers.close(TRACES_TIMEOUT_MS);
      await servers.metrics.close(0);
      // A run that outlasts the drain would be waited for without end.
      if (isDrained) await session.close();
      log.info({ isDrained }, 'ended');
      return isDrained;
    },
  };
}
