import { setTimeout as delay } from 'node:timers/promises';
import { StorageError, type DownloadedModel, type ModelStore } from '../storage/model-store.ts';
import type { RuntimeConfig } from './config.ts';
import { ModelFailure } from './errors.ts';
import type { Logger } from './log.ts';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 15_000;

export interface DownloadDependencies {
  readonly store: ModelStore;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How long storage that does not answer is asked again. */
  readonly retryForMs: number;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Gets the model from where it lies, asking again while storage is out of reach.
 * @throws ModelFailure; the signal's reason
 */
export async function downloadModel(
  model: RuntimeConfig['model'],
  { store, log, signal, retryForMs, onProgress }: DownloadDependencies,
): Promise<DownloadedModel> {
  const { generation, sha256 } = model;
  const giveUpAtMs = performance.now() + retryForMs;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
    try {
      return await store.download(model.path, model.directory, { generation, sha256, signal, onProgress });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!error.retryable || performance.now() + backoffMs > giveUpAtMs) {
        throw new ModelFailure(error.reason, error.message, { cause: error });
      }
      log.warn({ err: error, retryInMs: backoffMs }, 'storage is out of reach; trying again');
      await delay(backoffMs, undefined, { signal });
    }
  }
}
