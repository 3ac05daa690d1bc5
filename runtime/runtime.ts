import { setTimeout as delay } from 'node:timers/promises';
import { createModelStore } from '../storage/index.ts';
import type { DownloadedModel, ModelStore } from '../storage/model-store.ts';
import { createApp } from './app.ts';
import type { RuntimeConfig } from './config.ts';
import { exampleRequest } from './docs/example-request.ts';
import { downloadModel } from './download-model.ts';
import { metricsHandler } from './http/metrics-handler.ts';
import { listen, type HttpServer } from './http/server.ts';
import { loadModel, type LoadedModel } from './load-model.ts';
import type { Logger } from './log.ts';
import { createMetrics, type RuntimeMetrics } from './metrics.ts';
import { Predictor } from './predictor.ts';
import { stringifyJson } from './protocol/stringify-json.ts';
import { runSelfCheck } from './self-check.ts';
import { ServingState } from './serving-state.ts';

export interface StartOptions {
  readonly log: Logger;
  /** Stops loading. */
  readonly signal: AbortSignal;
  /** Default: as the path says. */
  readonly store?: ModelStore;
  /** How long storage that does not answer is asked again; default 120,000. */
  readonly retryForMs?: number;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** A process that serves one model. */
export interface Runtime {
  readonly httpPort: number;
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
  readonly servers: readonly [http: HttpServer, metrics: HttpServer];
}

/** Requests that a self-check may take the time of: loading ends some day. */
const SELF_CHECK_TIMEOUTS = 10;

/**
 * Listens, so that health checks are answered from the start, then loads the model, and resolves when it is ready.
 * @throws ModelFailure when the model cannot be served, nothing is left running; the signal's reason
 */
export async function startRuntime(config: RuntimeConfig, options: StartOptions): Promise<Runtime> {
  const serving = await startServers(config, options.log);
  try {
    return await serveModel(config, serving, options);
  } catch (error) {
    await Promise.all(serving.servers.map((server) => server.close(0)));
    throw error;
  }
}

async function startServers({ http, model }: RuntimeConfig, log: Logger): Promise<Serving> {
  const state = new ServingState();
  const metrics = createMetrics();
  metrics.ready(false);
  const app = createApp({ modelName: model.name, state, metrics, log, limits: http });
  const handle = app.callback();
  const { host, requestTimeoutMs } = http;
  const server = await listen((request, response) => void handle(request, response), {
    host,
    port: http.port,
    requestTimeoutMs,
  });
  try {
    const metricsServer = await listen(metricsHandler(metrics), { host, port: http.metricsPort, requestTimeoutMs });
    log.info({ host, httpPort: server.port, metricsPort: metricsServer.port }, 'listening');
    return { state, metrics, servers: [server, metricsServer] };
  } catch (error) {
    await server.close(0);
    throw error;
  }
}

async function serveModel(
  config: RuntimeConfig,
  { state, metrics, servers }: Serving,
  { log, signal, store = createModelStore(config.storage), retryForMs = 120_000, onProgress }: StartOptions,
): Promise<Runtime> {
  const { http, model, batching } = config;
  const startedMs = performance.now();
  const downloaded = await downloadModel(model, { store, log, signal, retryForMs, onProgress });
  const { generation, sha256, sizeBytes } = downloaded;
  log.info({ generation, sha256, sizeBytes, tookMs: Math.round(performance.now() - startedMs) }, 'model downloaded');

  const loaded = await loadModel(downloaded, config, { log, signal });
  const { session, signature, thread, golden } = loaded;
  for (const warning of loaded.warnings) log.warn({ warning }, 'model warning');
  const predictor = new Predictor({ session, signature, batching: { ...batching, onRun: metrics.run } });
  try {
    if (golden !== undefined) {
      const deadlineMs = performance.now() + SELF_CHECK_TIMEOUTS * http.requestTimeoutMs;
      const rows = await runSelfCheck(golden, predictor, { signature, deadlineMs });
      log.info({ rows }, 'self-check passed');
    }
    signal.throwIfAborted();
  } catch (error) {
    await session.close();
    throw error;
  }
  const { task } = signature.presentation;
  metrics.model({ name: model.name, generation, sha256, task, thread }, () => predictor.queuedRows);
  const request = exampleRequest(signature, { golden, feeds: loaded.exampleFeeds });
  const example = request === undefined ? undefined : stringifyJson(request);
  state.ready({ generation, signature, predictor, example, isAlive: () => session.isAlive() });
  metrics.ready(true);
  const tookMs = Math.round(performance.now() - startedMs);
  log.info({ model: model.name, generation, task, thread, oneRowMs: loaded.oneRowMs, tookMs }, 'ready');

  return {
    httpPort: servers[0].port,
    metricsPort: servers[1].port,
    downloaded,
    loaded,
    async stop(lagMs) {
      state.drain();
      metrics.ready(false);
      log.info({ lagMs }, 'ending: not ready any more');
      await delay(lagMs);
      const isDrained = await servers[0].close(http.drainTimeoutMs);
      await servers[1].close(0);
      // A run that outlasts the drain would be waited for without end.
      if (isDrained) await session.close();
      log.info({ isDrained }, 'ended');
      return isDrained;
    },
  };
}
