import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RequestObserver, RequestRecord } from './request-record.ts';
import { CounterTallies, type Distribution, HistogramTallies, type Tally } from './tallies.ts';

/** What is true of the model for as long as it is served; labels of `modeldeployment_model_info`. */
export interface ModelFacts {
  readonly name: string;
  readonly generation: string;
  readonly sha256: string;
  readonly task: string;
  readonly thread: string;
}

/** One run of the model, as the batcher tells it. */
export interface RunMeasure {
  readonly requests: number;
  readonly rows: number;
  readonly runMs: number;
  readonly waitMs: number;
}

/** The runtime's measurements. */
export interface RuntimeMetrics {
  /** Counts and times a request that is over. */
  readonly request: RequestObserver;
  readonly run: (measure: RunMeasure) => void;
  /** Says what is served, and lets the queue be read when somebody asks. */
  model(facts: ModelFacts, queuedRows: () => number): void;
  ready(isReady: boolean): void;
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
}

/** 0.5 ms to 30 s, the default request timeout. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** 10 µs to 1 s: one row takes microseconds, a body at the size limit some tenths of a second. */
const CODEC_SECONDS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.25, 1];
/** Powers of two up to 1024, which the default batch of 64 rows is in the middle of. */
const ROWS = Array.from({ length: 11 }, (_, exponent) => 2 ** exponent);

/**
 * Between two looks at the event loop's lag, which counts from the look before. The library's 10 ms take 0.6 % of a core from a process that has nothing to do,
 * these a tenth of a per cent.
 */
const LAG_SAMPLING_MS = 100;

/** Metrics of one process, in a registry of its own. Names begin with `modeldeployment_`; those of Node and the process keep their usual names. */
export function createMetrics(): RuntimeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_SAMPLING_MS });
  const info = new Gauge({
    name: 'modeldeployment_model_info',
    help: 'What is served; always 1.',
    labelNames: ['name', 'generation', 'sha256', 'task', 'thread'],
    registers,
  });
  const ready = new Gauge({
    name: 'modeldeployment_ready',
    help: '1 while requests are wanted: loaded, warmed up and not ending.',
    registers,
  });
  return {
    request: requestTallies(registry),
    run: runTallies(registry),
    model(facts, queuedRows) {
      info.set({ ...facts }, 1);
      void new Gauge({
        name: 'modeldeployment_queued_rows',
        help: 'Rows that wait for a run.',
        registers,
        collect() {
          this.set(queuedRows());
        },
      });
    },
    ready: (isReady) => ready.set(isReady ? 1 : 0),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** What people ask about: which of the protocols, rather than which transport. Routes outside them (health, docs) are plain `http`. */
function protocolOf(transport: string, route: string): string {
  if (transport !== 'http') return transport;
  if (route.startsWith('/v2')) return 'v2';
  return route.startsWith('/v1') || route === '/predict' ? 'v1' : transport;
}

/** What is counted of one route. */
interface RouteTallies {
  readonly seconds: Distribution;
  readonly byStatus: Map<RequestRecord['status'], Tally>;
}

function requestTallies(registry: Registry): RequestObserver {
  const total = new CounterTallies({
    name: 'modeldeployment_requests_total',
    help: 'Answered requests by route and status: HTTP routes and numbers, 499 when the client went away first; gRPC methods and names.',
    registry,
  });
  const seconds = new HistogramTallies({
    name: 'modeldeployment_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    bounds: SECONDS,
    registry,
  });
  const decode = new HistogramTallies({
    name: 'modeldeployment_decode_duration_seconds',
    help: 'From the bytes of a prediction request to tensors.',
    bounds: CODEC_SECONDS,
    registry,
  }).add();
  const encode = new HistogramTallies({
    name: 'modeldeployment_encode_duration_seconds',
    help: 'From tensors to the bytes of the answer.',
    bounds: CODEC_SECONDS,
    registry,
  }).add();
  const routes = new Map<string, RouteTallies>();
  return ({ protocol: transport, route, status, durationMs, stages }) => {
    const key = `${transport} ${route}`;
    let tallies = routes.get(key);
    if (!tallies) {
      tallies = { seconds: seconds.add({ protocol: protocolOf(transport, route), route }), byStatus: new Map() };
      routes.set(key, tallies);
    }
    let answered = tallies.byStatus.get(status);
    if (!answered) {
      answered = total.add({ protocol: protocolOf(transport, route), route, code: String(status) });
      tallies.byStatus.set(status, answered);
    }
    answered.value += 1;
    tallies.seconds.observe(durationMs / 1000);
    if (stages.decodeMs !== undefined) decode.observe(stages.decodeMs / 1000);
    if (stages.encodeMs !== undefined) encode.observe(stages.encodeMs / 1000);
  };
}

function runTallies(registry: Registry): RuntimeMetrics['run'] {
  const rowsTotal = new CounterTallies({
    name: 'modeldeployment_rows_total',
    help: 'Rows that the model has computed.',
    registry,
  }).add();
  const rows = new HistogramTallies({
    name: 'modeldeployment_run_rows',
    help: 'Rows that one run of the model took together.',
    bounds: ROWS,
    registry,
  }).add();
  const seconds = new HistogramTallies({
    name: 'modeldeployment_run_duration_seconds',
    help: 'Duration of one run of the model.',
    bounds: SECONDS,
    registry,
  }).add();
  const waitSeconds = new HistogramTallies({
    name: 'modeldeployment_queue_duration_seconds',
    help: 'How long the first request of a run had waited for it.',
    bounds: SECONDS,
    registry,
  }).add();
  return (measure) => {
    rowsTotal.value += measure.rows;
    rows.observe(measure.rows);
    seconds.observe(measure.runMs / 1000);
    waitSeconds.observe(measure.waitMs / 1000);
  };
}
