import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { InvalidModelPathError, parseModelPath, type ModelPath } from '../storage/model-path.ts';
import { DEFAULTS, ENV, PORTS } from './contract.ts';
import { ModelFailure } from './errors.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import type { ModelSettings } from './presentation/settings.ts';
import { VERTEX_ENV, withVertexSettings } from './vertex.ts';

/** Everything that can be set of a runtime process. */
export interface RuntimeConfig {
  readonly model: {
    readonly path: ModelPath;
    /** Name in URLs. */
    readonly name: string;
    readonly generation: string | undefined;
    readonly sha256: string | undefined;
    readonly settings: Pick<ModelSettings, 'task' | 'labels' | 'activation'>;
    /** Folder that downloads go to. */
    readonly directory: string;
  };
  readonly batching: { readonly maxRows: number; readonly maxQueuedRows: number };
  readonly http: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly metricsPort: number;
    /** More paths of readiness and predictions, for Vertex AI. */
    readonly vertex: { readonly health: string | undefined; readonly predict: string | undefined };
    readonly maxRequestBytes: number;
    readonly requestTimeoutMs: number;
    readonly drainTimeoutMs: number;
  };
  readonly grpc: {
    /** 0: any free port. */
    readonly port: number;
    /** Of one message, decompressed. */
    readonly maxMessageBytes: number;
    /** What the user sets that limit by. */
    readonly maxMessageBytesName: string;
  };
  readonly limits: { readonly cpuMillis: number | undefined; readonly memoryBytes: number | undefined };
  readonly storage: { readonly emulatorHost: string | undefined; readonly credentialsJson: string | undefined };
  readonly inferenceThread: InferenceThread;
  readonly observability: {
    /** Part of the requests that is logged, 0 to 1; above 0 every one that failed on our side. */
    readonly accessLogSampleRate: number;
    /** Undefined: no traces. */
    readonly tracing:
      { readonly sampler: string | undefined; readonly samplerArgument: string | undefined } | undefined;
  };
  readonly logLevel: LogLevel;
  /** Undefined: `/dev/termination-log`, if there is one. */
  readonly terminationLog: string | undefined;
}

const INFERENCE_THREADS = ['Auto', 'Main', 'Worker'] as const;
/** Where runs happen: `Auto` by how long they take. */
export type InferenceThread = (typeof INFERENCE_THREADS)[number];

const TASKS = ['Auto', 'Classification', 'Regression', 'Raw'] as const;
const ACTIVATIONS = ['None', 'Softmax', 'Sigmoid'] as const;
/** Longest timer of Node: 2^31 - 1 milliseconds. */
const MAX_MS = 2_147_483_647;
/** A URL path segment, once decoded. */
const NAME = /^[^/\p{Cc}]{1,253}$/u;
/** The path of a URL, without a query. */
const ROUTE = /^\/[^\s?#]*$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Environment -> RuntimeConfig. An unset or empty variable takes its default.
 * @param nameOf what a variable is called where the user set it, for messages; default: its own name
 * @throws ModelFailure InvalidSpec, naming the variable
 */
export function readConfig(
  env: Environment,
  nameOf: (variable: string) => string = (variable) => variable,
): RuntimeConfig {
  const vertex = withVertexSettings(env);
  const read = new Reader(vertex.env, (variable) => nameOf(vertex.sources.get(variable) ?? variable));
  const path = read.path(ENV.modelPath);
  return {
    model: {
      path,
      name: read.match(ENV.modelName, NAME, 'a name without "/"') ?? nameFrom(path),
      generation: read.match(ENV.modelGeneration, /^\d{1,20}$/, 'decimal digits'),
      sha256: read.match(ENV.modelSha256, /^[0-9a-f]{64}$/i, '64 hex digits')?.toLowerCase(),
      settings: {
        task: read.choice(ENV.modelTask, TASKS, DEFAULTS.modelTask),
        labels: read.labels(ENV.modelLabels),
        activation: read.choice(ENV.modelActivation, ACTIVATIONS, DEFAULTS.modelActivation),
      },
      directory: read.text(ENV.modelDir) ?? join(tmpdir(), 'modeldeployment'),
    },
    batching: {
      maxRows: read.integer(ENV.batchingMaxRows, [1, 100_000], DEFAULTS.batchingMaxRows),
      maxQueuedRows: read.integer(ENV.batchingMaxQueuedRows, [1, 10_000_000], DEFAULTS.batchingMaxQueuedRows),
    },
    http: {
      host: read.text(ENV.host) ?? '0.0.0.0',
      port: read.integer(ENV.httpPort, [0, 65_535], PORTS.http),
      metricsPort: read.integer(ENV.metricsPort, [0, 65_535], PORTS.metrics),
      vertex: {
        health: read.match(VERTEX_ENV.healthRoute, ROUTE, 'a path such as /health'),
        predict: read.match(VERTEX_ENV.predictRoute, ROUTE, 'a path such as /predict'),
      },
      maxRequestBytes: read.integer(ENV.maxRequestBytes, [1, 2 ** 30], DEFAULTS.maxRequestBytes),
      requestTimeoutMs: read.integer(ENV.requestTimeoutMs, [1, MAX_MS], DEFAULTS.requestTimeoutMs),
      drainTimeoutMs: read.integer(ENV.drainTimeoutMs, [0, MAX_MS], DEFAULTS.drainTimeoutMs),
    },
    grpc: {
      port: read.integer(ENV.grpcPort, [0, 65_535], PORTS.grpc),
      maxMessageBytes: read.integer(ENV.maxRequestBytes, [1, 2 ** 30], DEFAULTS.maxMessageBytes),
      maxMessageBytesName: nameOf(ENV.maxRequestBytes),
    },
    limits: {
      cpuMillis: read.optionalInteger(ENV.cpuLimitMillis, [1, 10_000_000]),
      memoryBytes: read.optionalInteger(ENV.memoryLimitBytes, [1, Number.MAX_SAFE_INTEGER]),
    },
    storage: {
      emulatorHost: read.url(ENV.storageEmulatorHost),
      credentialsJson: read.text(ENV.googleCredentialsJson),
    },
    inferenceThread: read.choice(ENV.inferenceThread, INFERENCE_THREADS, 'Auto'),
    observability: {
      accessLogSampleRate: read.fraction(ENV.accessLogSampleRate, 0),
      tracing: readTracing(read),
    },
    logLevel: read.choice(ENV.logLevel, LOG_LEVELS, DEFAULTS.logLevel),
    terminationLog: read.text(ENV.terminationLog),
  };
}

/** As OpenTelemetry names it; where to send spans, and with which headers, its exporter reads itself. */
const OTEL_ENV = {
  endpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  tracesEndpoint: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  sampler: 'OTEL_TRACES_SAMPLER',
  samplerArgument: 'OTEL_TRACES_SAMPLER_ARG',
  isDisabled: 'OTEL_SDK_DISABLED',
} as const;

function readTracing(read: Reader): RuntimeConfig['observability']['tracing'] {
  const endpoint = read.url(OTEL_ENV.tracesEndpoint) ?? read.url(OTEL_ENV.endpoint);
  if (endpoint === undefined || read.text(OTEL_ENV.isDisabled)?.toLowerCase() === 'true') return undefined;
  return { sampler: read.text(OTEL_ENV.sampler), samplerArgument: read.text(OTEL_ENV.samplerArgument) };
}

/** `gs://models/iris/` and `./iris.onnx` -> `iris`. */
function nameFrom(path: ModelPath): string {
  const text = { gcs: 'object', 'gcs-prefix': 'prefix', pvc: 'path', file: 'path' } as const;
  const place = (path as unknown as Readonly<Record<string, string>>)[text[path.kind]] ?? '';
  const base = basename(path.kind === 'file' ? resolve(place) : place).replace(/\.onnx$/i, '');
  return NAME.test(base) ? base : 'model';
}

class Reader {
  readonly #env: Environment;
  readonly #nameOf: (variable: string) => string;

  constructor(env: Environment, nameOf: (variable: string) => string) {
    this.#env = env;
    this.#nameOf = nameOf;
  }

  text(variable: string): string | undefined {
    const value = this.#env[variable]?.trim();
    return value === '' ? undefined : value;
  }

  path(variable: string): ModelPath {
    const text = this.text(variable);
    if (text === undefined) {
      throw new ModelFailure('InvalidSpec', `${this.#nameOf(variable)} is not set: give the path of a model`);
    }
    try {
      const path = parseModelPath(text);
      if (path.kind !== 'pvc') return path;
    } catch (error) {
      if (error instanceof InvalidModelPathError)
        throw new ModelFailure('InvalidSpec', error.message, { cause: error });
      throw error;
    }
    throw this.#wrong(variable, 'a gs:// path or a path on disk (claims are mounted by the operator)');
  }

  match(variable: string, pattern: RegExp, expected: string): string | undefined {
    const text = this.text(variable);
    if (text === undefined || pattern.test(text)) return text;
    throw this.#wrong(variable, expected);
  }

  choice<T extends string>(variable: string, choices: readonly T[], otherwise: T): T {
    const text = this.text(variable);
    const chosen = text === undefined ? otherwise : choices.find((choice) => choice === text);
    if (chosen !== undefined) return chosen;
    throw this.#wrong(variable, `one of ${choices.join(', ')}`);
  }

  integer(variable: string, range: readonly [minimum: number, maximum: number], otherwise: number): number {
    return this.optionalInteger(variable, range) ?? otherwise;
  }

  optionalInteger(
    variable: string,
    [minimum, maximum]: readonly [minimum: number, maximum: number],
  ): number | undefined {
    const text = this.text(variable);
    if (text === undefined) return undefined;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    throw this.#wrong(variable, `a whole number from ${minimum} to ${maximum}`);
  }

  fraction(variable: string, otherwise: number): number {
    const text = this.text(variable);
    if (text === undefined) return otherwise;
    const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (value <= 1) return value;
    throw this.#wrong(variable, 'a number from 0 to 1');
  }

  labels(variable: string): string[] | undefined {
    const text = this.text(variable);
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      if (Array.isArray(value) && value.length > 0 && value.every((label) => typeof label === 'string')) return value;
    } catch {
      // Said below.
    }
    throw this.#wrong(variable, 'a JSON list of class names, such as ["cat", "dog"]');
  }

  url(variable: string): string | undefined {
    const text = this.text(variable);
    if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text?.replace(/\/+$/, '');
    throw this.#wrong(variable, 'a URL such as http://host:port');
  }

  #wrong(variable: string, expected: string): ModelFailure {
    const value = JSON.stringify(this.text(variable));
    return new ModelFailure('InvalidSpec', `${this.#nameOf(variable)} is ${value}: expected ${expected}`);
  }
}
