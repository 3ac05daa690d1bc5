import type { Shard } from './shard.ts';

/** Settings of the operator process. Every one comes from an environment variable, all are optional. */
export interface OperatorConfig {
  /** RUNTIME_IMAGE: image of the runtime container where `spec.image` is not set. */
  readonly runtimeImage: string;
  /** WATCH_NAMESPACES: comma list; empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  /** SHARD: `2/5` for the second of five operators that share the ModelDeployments. Default `1/1`. */
  readonly shard: Shard;
  /** WORKERS: objects reconciled at once, 1 to 256. Default 8. */
  readonly workers: number;
  /** LEADER_ELECT: `true` where more than one operator may run. Default false. */
  readonly leaderElect: boolean;
  /** POD_NAMESPACE: where the Lease lives. Default `default`. */
  readonly podNamespace: string;
  /** MODEL_POLL_INTERVAL: how often storage is asked for a newer generation, at least 1s. Default 60s. */
  readonly modelPollIntervalMs: number;
  /** STORAGE_EMULATOR_HOST: `http://host:port` of a GCS emulator, also handed to the pods. */
  readonly storageEmulatorHost: string | undefined;
  /** HEALTH_PORT: /livez and /readyz. Default 8081; 0: any free port. */
  readonly healthPort: number;
  /** METRICS_PORT: /metrics. Default 9090; 0: any free port. */
  readonly metricsPort: number;
  /** LOG_LEVEL. Default info. */
  readonly logLevel: LogLevel;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Image tag and operator version belong together; a test compares it with package.json. */
export const DEFAULT_RUNTIME_IMAGE = 'modeldeployment-runtime:0.1.0';

/** A variable that cannot be used. `message` names it and says what it expects. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
}

/** DNS label (RFC 1123), which namespaces are. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Environment -> OperatorConfig. An unset or empty variable takes its default.
 * @throws InvalidConfigError
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  return {
    runtimeImage: text('RUNTIME_IMAGE') ?? DEFAULT_RUNTIME_IMAGE,
    watchNamespaces: parseNamespaces('WATCH_NAMESPACES', text('WATCH_NAMESPACES')),
    shard: parseShard('SHARD', text('SHARD') ?? '1/1'),
    workers: parseInteger('WORKERS', text('WORKERS') ?? '8', { minimum: 1, maximum: 256 }),
    leaderElect: parseBoolean('LEADER_ELECT', text('LEADER_ELECT') ?? 'false'),
    podNamespace: parseNamespaces('POD_NAMESPACE', text('POD_NAMESPACE') ?? 'default')[0] ?? 'default',
    modelPollIntervalMs: parseDurationMs('MODEL_POLL_INTERVAL', text('MODEL_POLL_INTERVAL') ?? '60s', 1_000),
    storageEmulatorHost: parseHttpUrl('STORAGE_EMULATOR_HOST', text('STORAGE_EMULATOR_HOST')),
    healthPort: parseInteger('HEALTH_PORT', text('HEALTH_PORT') ?? '8081', { minimum: 0, maximum: 65_535 }),
    metricsPort: parseInteger('METRICS_PORT', text('METRICS_PORT') ?? '9090', { minimum: 0, maximum: 65_535 }),
    logLevel: parseLogLevel('LOG_LEVEL', text('LOG_LEVEL') ?? 'info'),
  };
}

function parseNamespaces(name: string, value: string | undefined): string[] {
  const namespaces = (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const wrong = namespaces.find((namespace) => !NAMESPACE.test(namespace));
  if (wrong !== undefined) throw invalid(name, wrong, 'names of namespaces, separated by commas');
  return [...new Set(namespaces)];
}

function parseShard(name: string, value: string): Shard {
  const [, index = '', count = ''] = /^(\d{1,3})\/(\d{1,3})$/.exec(value) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== '' && shard.index >= 1 && shard.index <= shard.count) return shard;
  throw invalid(name, value, 'which of how many operators this is, such as 1/3, 2/3 or 3/3');
}

function parseInteger(name: string, value: string, { minimum, maximum }: { minimum: number; maximum: number }): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw invalid(name, value, `a whole number from ${minimum} to ${maximum}`);
}

function parseBoolean(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(name, value, 'true or false');
}

function parseDurationMs(name: string, value: string, minimumMs: number): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
  const durationMs = Number(digits) * (MS_PER_UNIT[unit] ?? Number.NaN);
  if (durationMs >= minimumMs) return durationMs;
  throw invalid(name, value, `a duration of at least ${minimumMs / 1_000}s, such as 60s or 5m`);
}

function parseHttpUrl(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value.replace(/\/+$/, '');
  throw invalid(name, value, 'a URL such as http://host:port');
}

function parseLogLevel(name: string, value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level) return level;
  throw invalid(name, value, `one of ${LOG_LEVELS.join(', ')}`);
}

function invalid(name: string, value: string, expected: string): InvalidConfigError {
  return new InvalidConfigError(`${name}="${value}": expected ${expected}`);
}
