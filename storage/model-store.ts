import type { ModelPath } from './model-path.ts';

/** One object or file of a model. */
export interface StoredFile {
  /** Path below the model's folder, `/`-separated; the base name for a single object. */
  readonly name: string;
  /** GCS generation, decimal digits; for a file on disk its modification time in microseconds. */
  readonly generation: string;
  readonly sizeBytes: number;
}

/** What a path points at right now. */
export interface ModelStat {
  /** The object's generation; for a prefix the newest of the files below it. Decimal digits. */
  readonly generation: string;
  /** Sum over `files`. */
  readonly sizeBytes: number;
  readonly files: readonly StoredFile[];
}

export interface StatOptions {
  /** Exactly this generation; default the newest. */
  readonly generation?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DownloadOptions {
  /** Exactly this generation (for a prefix: the files as they were then). Without it the newest. */
  readonly generation?: string | undefined;
  /** Hex sha256 the `.onnx` file must have. */
  readonly sha256?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive, at most a few times a second. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface DownloadedModel extends ModelStat {
  /** The `.onnx` file on disk; its side files lie beside it under their own names. */
  readonly modelFile: string;
  /** Of the `.onnx` file as stored, hex. */
  readonly sha256: string;
}

/** A place models lie in. Implementations: gcs.ts, file.ts. */
export interface ModelStore {
  /** @throws StorageError */
  stat(path: ModelPath, options?: StatOptions): Promise<ModelStat>;
  /**
   * What `stat` without a generation would say of several paths of one bucket, in their order, with fewer or cheaper requests.
   * @returns undefined when one question for each is no dearer, or it cannot be done
   */
  statTogether?(
    paths: readonly ModelPath[],
    options?: Pick<StatOptions, 'signal'>,
  ): Promise<readonly (ModelStat | StorageError)[] | undefined>;
  /**
   * Puts the model into `directory` (files on disk are used where they lie). Checksums are verified while streaming.
   * @throws StorageError
   */
  download(path: ModelPath, directory: string, options?: DownloadOptions): Promise<DownloadedModel>;
}

export type StorageFailureReason =
  | 'ModelNotFound'
  | 'ModelAccessDenied'
  | 'StorageUnavailable'
  | 'ModelInvalid'
  | 'ModelTooLarge'
  | 'ModelChecksumMismatch';

/** Why a model could not be read. `message` is one plain sentence that says what to do; it holds no credentials. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly reason: StorageFailureReason;
  /** Whether the same call may succeed later with nothing changed by a person. */
  readonly retryable: boolean;
  constructor(reason: StorageFailureReason, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.retryable = options.retryable ?? reason === 'StorageUnavailable';
  }
}

/** The refusal when the volume that downloads go to is too small. */
export function diskFull(location: string, cause?: unknown): StorageError {
  return new StorageError(
    'ModelTooLarge',
    `${location} does not fit on the disk that models are downloaded to: give the pod more ephemeral storage`,
    { cause },
  );
}
