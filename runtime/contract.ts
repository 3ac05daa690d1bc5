/**
 * What the operator and the runtime agree on: environment names, ports, probe paths, the termination message.
 * The one file of runtime/ that operator/ may import; it imports nothing of ours.
 */

/** Environment variables of the runtime container. Every one but `MODEL_PATH` is optional. */
export const ENV = {
  /** `gs://bucket/object`, `gs://bucket/prefix/`, or a path on disk. */
  modelPath: 'MODEL_PATH',
  /** Name in URLs; default: the path's base name without `.onnx`. */
  modelName: 'MODEL_NAME',
  /** GCS generation to serve, decimal digits; unset or empty: the newest at start. */
  modelGeneration: 'MODEL_GENERATION',
  /** 64 hex digits that the `.onnx` file's bytes must hash to. */
  modelSha256: 'MODEL_SHA256',
  /** `Auto`, `Classification`, `Regression` or `Raw`; default `Auto`. */
  modelTask: 'MODEL_TASK',
  /** JSON array of class names in column order. */
  modelLabels: 'MODEL_LABELS',
  /** `None`, `Softmax` or `Sigmoid`; default `None`. */
  modelActivation: 'MODEL_ACTIVATION',
  /** Rows in one run; default 64. */
  batchingMaxRows: 'BATCHING_MAX_ROWS',
  /** Rows that may wait before 429; default 1024. */
  batchingMaxQueuedRows: 'BATCHING_MAX_QUEUED_ROWS',
  /** Bytes of a request body, and of a gRPC message, after decompression; default 16777216, and 67108864 for gRPC. */
  maxRequestBytes: 'MAX_REQUEST_BYTES',
  /** Milliseconds until 504; default 30000. */
  requestTimeoutMs: 'REQUEST_TIMEOUT_MS',
  /** Milliseconds that requests in flight get after SIGTERM; default 25000. */
  drainTimeoutMs: 'DRAIN_TIMEOUT_MS',
  /** `Main`, `Worker` or `Auto` (default): which thread runs the model. `Auto` keeps only models that answer in a fraction of a millisecond on the main one. */
  inferenceThread: 'INFERENCE_THREAD',
  /** Part of the requests that gets a line in the log, 0 to 1; default 0. Above 0, requests that failed on the server's side are always logged. */
  accessLogSampleRate: 'ACCESS_LOG_SAMPLE_RATE',
  /** `debug`, `info`, `warn` or `error`; default `info`. */
  logLevel: 'LOG_LEVEL',
  /** Port of the data plane and health; default 8080. 0: any free port. */
  httpPort: 'HTTP_PORT',
  /** Port of V2 and health over gRPC; default 8081. 0: any free port. */
  grpcPort: 'GRPC_PORT',
  /** Port of Prometheus metrics; default 9090. 0: any free port. */
  metricsPort: 'METRICS_PORT',
  /** Address to listen on; default 0.0.0.0 in a pod. */
  host: 'HOST',
  /** Folder that downloads go to; default `/var/lib/modeldeployment` in the image, the system's temporary folder else. */
  modelDir: 'MODEL_DIR',
  /** Container CPU limit in millicores, by the Downward API. */
  cpuLimitMillis: 'CPU_LIMIT_MILLIS',
  /** Container memory limit in bytes, by the Downward API. */
  memoryLimitBytes: 'MEMORY_LIMIT_BYTES',
  /** `http://host:port` of a GCS emulator. */
  storageEmulatorHost: 'STORAGE_EMULATOR_HOST',
  /** Service account key as JSON text, for clusters without Workload Identity (set it by `valueFrom.secretKeyRef`). */
  googleCredentialsJson: 'GOOGLE_APPLICATION_CREDENTIALS_JSON',
  /** File the one-line failure is written to; default `/dev/termination-log`. */
  terminationLog: 'TERMINATION_LOG',
} as const;

/** What the runtime takes for a variable that is not set. The operator leaves out of pod templates what is the default anyway. */
export const DEFAULTS = {
  modelTask: 'Auto',
  modelActivation: 'None',
  batchingMaxRows: 64,
  batchingMaxQueuedRows: 1024,
  maxRequestBytes: 16 * 1024 * 1024,
  /** Of gRPC, whose clients send whole data sets at once: peers' limit of 4 MiB is what their users complain of most. */
  maxMessageBytes: 64 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  drainTimeoutMs: 25_000,
  logLevel: 'info',
} as const;

/**
 * Rows in a run where nobody says how many: more than a process takes that is not told anything, because 64 was once the API's default, and objects that
 * have it keep their pods.
 */
export const MAX_ROWS_UNLESS_SET = 512;

/** Variables without a field in the spec: the user sets them by `spec.env`. Every other name of ENV is the operator's. */
export const USER_ENV: readonly string[] = [ENV.googleCredentialsJson, ENV.inferenceThread, ENV.accessLogSampleRate];

export const PORTS = { http: 8080, grpc: 8081, metrics: 9090 } as const;
export const PROBES = { live: '/livez', ready: '/readyz' } as const;

/** Every way in which a model can fail to be served, as the runtime tells it. Also condition reasons of the operator. */
export const FAILURE_REASONS = [
  'ModelNotFound',
  'ModelAccessDenied',
  'StorageUnavailable',
  'ModelTooLarge',
  'ModelInvalid',
  'ModelUnsupported',
  'ModelChecksumMismatch',
  'ExternalDataMissing',
  'ModelRejected',
  'OutOfMemory',
  'InvalidSpec',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What the runtime writes, as one line of JSON, to its termination message before it exits non-zero. */
export interface TerminationMessage {
  readonly reason: FailureReason;
  /** One plain sentence that says what to do. At most 1,024 characters: the kubelet keeps 4,096 bytes of the file. */
  readonly message: string;
}

/** Longest `message` of a termination message, in characters. */
export const MAX_MESSAGE_CHARACTERS = 1024;

/** One line, bounded, ready for the termination log. */
export function encodeTerminationMessage({ reason, message }: TerminationMessage): string {
  const oneLine = message.replaceAll(/\s+/g, ' ').trim();
  const bounded =
    oneLine.length > MAX_MESSAGE_CHARACTERS ? `${oneLine.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…` : oneLine;
  return JSON.stringify({ reason, message: bounded });
}

/**
 * Reads what a pod left behind. With `terminationMessagePolicy: FallbackToLogsOnError` the text may be the end of a log:
 * the last line that is a termination message counts.
 * @returns undefined when no line is one
 */
export function parseTerminationMessage(text: string | undefined): TerminationMessage | undefined {
  for (const line of (text ?? '').split('\n').reverse()) {
    const parsed = parseLine(line.trim());
    if (parsed) return parsed;
  }
  return undefined;
}

function parseLine(line: string): TerminationMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<TerminationMessage>;
    const known = FAILURE_REASONS.find((reason) => reason === value.reason);
    return known && typeof value.message === 'string' ? { reason: known, message: value.message } : undefined;
  } catch {
    return undefined;
  }
}
