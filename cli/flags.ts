import { parseArgs } from 'node:util';
import { durationToMs } from '../operator/api/duration.ts';
import { quantityToInteger } from '../operator/api/quantity.ts';
import { ENV } from '../runtime/contract.ts';
import { ModelFailure } from '../runtime/errors.ts';

/** A flag of `serve`: which setting of the pod it is, and how its text becomes the setting's. */
interface Flag {
  readonly name: string;
  readonly variable: string;
  /** What stands for its value in the help. */
  readonly value: string;
  readonly help: string;
  readonly convert?: (text: string) => string;
}

const milliseconds = (text: string): string => String(durationToMs(text));
const bytes = (text: string): string => String(quantityToInteger(text));

/** `500m` or `1.5` cores. */
function millicores(text: string): string {
  const [, millis, cores] = /^(?:(\d+)m|(\d+(?:\.\d+)?))$/.exec(text) ?? [];
  if (millis !== undefined) return millis;
  if (cores !== undefined) return String(Math.ceil(Number(cores) * 1000));
  throw new RangeError(`"${text}" is no number of cores; write it like 2, 1.5 or 500m`);
}

export const FLAGS: readonly Flag[] = [
  { name: 'port', variable: ENV.httpPort, value: 'N', help: 'port of predictions and health (8080; 0: any free one)' },
  {
    name: 'grpc-port',
    variable: ENV.grpcPort,
    value: 'N',
    help: 'port of V2 over gRPC (8081; 0: any free one)',
  },
  {
    name: 'metrics-port',
    variable: ENV.metricsPort,
    value: 'N',
    help: 'port of Prometheus metrics (9090; 0: any free one)',
  },
  { name: 'host', variable: ENV.host, value: 'ADDRESS', help: 'address to listen on (127.0.0.1)' },
  { name: 'name', variable: ENV.modelName, value: 'NAME', help: "name in URLs (the file's, without .onnx)" },
  { name: 'generation', variable: ENV.modelGeneration, value: 'N', help: 'exactly this generation of a gs:// object' },
  { name: 'sha256', variable: ENV.modelSha256, value: 'HEX', help: 'refuse a file that does not hash to this' },
  { name: 'task', variable: ENV.modelTask, value: 'TASK', help: 'Auto, Classification, Regression or Raw (Auto)' },
  {
    name: 'labels',
    variable: ENV.modelLabels,
    value: 'A,B,C',
    help: 'class names in column order, when the file has none',
    convert: (text) => JSON.stringify(text.split(',').map((label) => label.trim())),
  },
  {
    name: 'activation',
    variable: ENV.modelActivation,
    value: 'NAME',
    help: 'Softmax or Sigmoid: logits become probabilities',
  },
  { name: 'max-rows', variable: ENV.batchingMaxRows, value: 'N', help: 'rows in one run of the model (512)' },
  {
    name: 'max-queued-rows',
    variable: ENV.batchingMaxQueuedRows,
    value: 'N',
    help: 'rows that may wait before 429 (1024)',
  },
  {
    name: 'max-request-bytes',
    variable: ENV.maxRequestBytes,
    value: 'SIZE',
    help: 'larger bodies get 413 (16Mi; 64Mi over gRPC)',
    convert: bytes,
  },
  {
    name: 'request-timeout',
    variable: ENV.requestTimeoutMs,
    value: 'TIME',
    help: '504 past it (30s)',
    convert: milliseconds,
  },
  {
    name: 'drain-timeout',
    variable: ENV.drainTimeoutMs,
    value: 'TIME',
    help: 'for requests in flight at the end (25s)',
    convert: milliseconds,
  },
  {
    name: 'cpu-limit',
    variable: ENV.cpuLimitMillis,
    value: 'CORES',
    help: 'compute with as many threads (all cores)',
    convert: millicores,
  },
  {
    name: 'memory-limit',
    variable: ENV.memoryLimitBytes,
    value: 'SIZE',
    help: 'refuse a model that needs more (all memory)',
    convert: bytes,
  },
  {
    name: 'inference-thread',
    variable: ENV.inferenceThread,
    value: 'NAME',
    help: 'Main or Worker (by how long a run takes)',
  },
  {
    name: 'access-log-sample-rate',
    variable: ENV.accessLogSampleRate,
    value: 'PART',
    help: 'log this part of the requests, 0 to 1 (0)',
  },
  {
    name: 'model-dir',
    variable: ENV.modelDir,
    value: 'FOLDER',
    help: 'where downloads go and stay (a temporary folder)',
  },
  {
    name: 'log-level',
    variable: ENV.logLevel,
    value: 'LEVEL',
    help: 'debug, info, warn or error, on standard error (error)',
  },
];

/** Variables that are secrets or about the surroundings: taken from the environment, there is no flag. */
const INHERITED = [ENV.storageEmulatorHost, ENV.googleCredentialsJson] as const;

/** What a developer's machine wants other than a pod. */
const LOCAL_DEFAULTS: Readonly<Record<string, string>> = { [ENV.host]: '127.0.0.1', [ENV.logLevel]: 'error' };

export interface ServeArguments {
  /** The pod's settings, for `readConfig`. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly isHelp: boolean;
}

/**
 * Reads the command line of `serve`.
 * @throws ModelFailure InvalidSpec naming the flag
 */
export function parseServeArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServeArguments {
  const { values, positionals } = parse(args);
  if (values['help'] === true) return { settings: {}, isHelp: true };
  const [path, ...others] = positionals;
  if (path === undefined) throw usage('which model? serve needs a path: modeldeployment serve ./model.onnx');
  if (others.length > 0) throw usage(`serve takes one path, got ${positionals.length}: ${positionals.join(' ')}`);
  const inherited = INHERITED.map((variable) => [variable, environment[variable]] as const);
  const given = FLAGS.flatMap(({ name, variable, convert }) => {
    const text = values[name];
    return typeof text === 'string' ? [[variable, converted(name, text, convert)] as const] : [];
  });
  const settings = { ...LOCAL_DEFAULTS, ...Object.fromEntries([...inherited, ...given]), [ENV.modelPath]: path };
  return { settings, isHelp: false };
}

/** What a variable is called on the command line, for messages. */
export function flagOf(variable: string): string {
  const flag = FLAGS.find((candidate) => candidate.variable === variable);
  return flag ? `--${flag.name}` : variable;
}

/** The flags, a line each. */
export function flagsHelp(): string {
  const usages = FLAGS.map(({ name, value }) => `--${name} ${value}`);
  const width = Math.max(...usages.map((text) => text.length));
  return FLAGS.map(({ help }, index) => `  ${(usages[index] ?? '').padEnd(width)}  ${help}`).join('\n');
}

interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

function parse(args: readonly string[]): ParsedArguments {
  const strings = FLAGS.map(({ name }) => [name, { type: 'string' }] as const);
  const options = { ...Object.fromEntries(strings), help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return { values: { ...values }, positionals };
  } catch (error) {
    throw usage(`${(error as Error).message.split('. ')[0]}; see modeldeployment serve --help`, error);
  }
}

function converted(name: string, text: string, convert: Flag['convert']): string {
  try {
    return convert ? convert(text) : text;
  } catch (error) {
    throw usage(`--${name}: ${(error as Error).message}`, error);
  }
}

function usage(message: string, cause?: unknown): ModelFailure {
  return new ModelFailure('InvalidSpec', message, { cause });
}
