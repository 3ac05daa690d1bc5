import { setTimeout as delay } from 'node:timers/promises';
import { OtherBytesError, type DownloadSource } from './download-source.ts';
import { diskFull, type StorageError } from './model-store.ts';
import type { Part, PartedFile } from './parted-file.ts';

export interface ReceiveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every chunk with the bytes that arrived; negative when some must be fetched again. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Longest silence of the source before the connection counts as cut; default 30,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** First wait after a cut connection, doubled each time; default 500. */
  readonly backoffMs?: number | undefined;
}

/** Attempts in a row that bring no byte. With the default backoff: 0.5 + 1 + 2 + 4 + 8 = 15.5 seconds of waiting. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/**
 * Fetches one part of a file, going on where a cut connection stopped.
 * @throws StorageError; OtherBytesError; the signal's reason
 */
export async function receivePart(
  source: DownloadSource,
  file: PartedFile,
  part: Part,
  options: ReceiveOptions,
): Promise<void> {
  const { signal, backoffMs = 500 } = options;
  for (let fruitless = 0; part.at < part.end;) {
    const before = part.at;
    const failure = await receive(source, file, part, options);
    if (!failure) continue;
    fruitless = part.at > before ? 1 : fruitless + 1;
    if (!failure.retryable || fruitless > MAX_FRUITLESS_ATTEMPTS) throw failure;
    await delay(backoffMs * 2 ** (fruitless - 1), undefined, { signal });
  }
}

/**
 * One connection: from where the last one stopped to its end.
 * @returns why it ended early; undefined when all bytes are there
 */
async function receive(
  source: DownloadSource,
  file: PartedFile,
  part: Part,
  { signal, onBytes, stallTimeoutMs = 30_000 }: ReceiveOptions,
): Promise<StorageError | undefined> {
  signal?.throwIfAborted();
  const stream = source.open(part.at, part.end);
  const watchdog = setTimeout(() => stream.destroy(connectionError('ETIMEDOUT')), stallTimeoutMs);
  const stop = (): void => void stream.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      watchdog.refresh();
      await file.write(part, chunk);
      onBytes?.(chunk.length);
    }
    return part.at < part.end ? source.classify(connectionError('ECONNRESET')) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OtherBytesError) throw error;
    return toFailure(error, source);
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function connectionError(code: 'ECONNRESET' | 'ETIMEDOUT'): NodeJS.ErrnoException {
  return Object.assign(new Error('the connection ended early'), { code });
}

/** Of the disk or of the source. */
export function toFailure(error: unknown, source: DownloadSource): StorageError {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(source.location, error) : source.classify(error);
}
