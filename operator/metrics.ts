import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How a pass ended. */
export type PassOutcome = 'done' | 'requeue' | 'conflict' | 'transient' | 'bug';

/** Numbers that are read when somebody asks for them. */
export interface Gauges {
  readonly queueDepth: () => number;
  readonly running: () => number;
  readonly modelDeployments: () => number;
  readonly isLeader: () => boolean;
  readonly failingWatches: () => number;
}

/** What the operator counts. */
export interface Metrics {
  readonly contentType: string;
  /** The Prometheus text. */
  readonly render: () => Promise<string>;
  readonly countPass: (outcome: PassOutcome, seconds: number) => void;
  /** @param statusCode 0: no answer */
  readonly countRequest: (verb: string, kind: string, statusCode: number) => void;
  /** A question to storage, by answer. */
  readonly countAsked: (outcome: string) => void;
  readonly countWritten: (what: 'rollout' | 'repair') => void;
}

const PREFIX = 'modeldeployment_operator_';
/** From a pass that finds nothing to do (some 100 µs) to one that waits for storage and a slow API server. */
const PASS_BUCKETS_SECONDS = [0.0002, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/**
 * Between two looks at the event loop's lag, which counts from the look before. The library's 10 ms take 0.6 % of a core from a process that has nothing to do,
 * these a tenth of a per cent.
 */
const LAG_SAMPLING_MS = 100;

/** A registry of its own, so that two operators in one process (tests) do not meet. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_SAMPLING_MS });
  makeGauges(gauges, registers);
  const passes = new Histogram({
    name: `${PREFIX}reconcile_duration_seconds`,
    help: 'Duration of passes by how they ended; the count is the number of passes.',
    labelNames: ['outcome'],
    buckets: PASS_BUCKETS_SECONDS,
    registers,
  });
  const requests = new Counter({
    name: `${PREFIX}api_requests_total`,
    help: 'Requests to the API server besides lists and watches, by verb, kind and HTTP status (0: no answer).',
    labelNames: ['verb', 'kind', 'code'],
    registers,
  });
  const asked = new Counter({
    name: `${PREFIX}model_lookups_total`,
    help: 'Questions to storage for the generation of a model, by answer.',
    labelNames: ['outcome'],
    registers,
  });
  const rollouts = new Counter({
    name: `${PREFIX}rollouts_total`,
    help: 'Pod templates changed: a new spec or a new model generation.',
    registers,
  });
  const repairs = new Counter({
    name: `${PREFIX}drift_repairs_total`,
    help: 'Changes of others to children that were undone.',
    registers,
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    countPass: (outcome, seconds) => passes.observe({ outcome }, seconds),
    countRequest: (verb, kind, statusCode) => requests.inc({ verb, kind, code: String(statusCode) }),
    countAsked: (outcome) => asked.inc({ outcome }),
    countWritten: (what) => (what === 'rollout' ? rollouts : repairs).inc(),
  };
}

function makeGauges(gauges: Gauges, registers: Registry[]): void {
  const table: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['queue_depth', 'Objects that are due and wait for a worker.', gauges.queueDepth],
    ['reconciling', 'Objects that are reconciled now.', gauges.running],
    ['model_deployments', 'ModelDeployments in the cache.', gauges.modelDeployments],
    ['leader', '1 while this process may write.', () => Number(gauges.isLeader())],
    ['failing_watches', 'Watches of the API server that do not work now.', gauges.failingWatches],
  ];
  for (const [name, help, read] of table) {
    // oxlint-disable-next-line no-new -- a metric registers itself; it is read by its registry alone
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
}
