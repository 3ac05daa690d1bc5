import type { RuntimeConfig } from './config.ts';
import { memoryLimitBytes } from './memory-limit.ts';
import type { PlacedModel } from './prepare-model.ts';
import { chooseThread, type SessionThread } from './session/choose-thread.ts';
import { leaveMarker, type LoadMarker } from './session/load-marker.ts';
import { isNearLimit, peakAnonymousBytes, tooLarge } from './session/memory-use.ts';
import { openSession } from './session/open-session.ts';
import type { Session } from './session/session.ts';
import { tryModel } from './session/trial.ts';
import { tryOut, type Behaviour, type MadeUpRows } from './session/try-out.ts';

export type OpenConfig = Pick<RuntimeConfig, 'model' | 'limits' | 'inferenceThread'> & {
  readonly http: Pick<RuntimeConfig['http'], 'requestTimeoutMs'>;
};

export interface OpenOptions {
  readonly config: OpenConfig;
  readonly signal?: AbortSignal | undefined;
  /** Digest of the model's file, when this process is started again should it die; undefined: its death would be the last word. */
  readonly restartedFor?: string | undefined;
}

/** A model that was tried and is loaded. */
export interface OpenedModel {
  readonly session: Session;
  readonly thread: SessionThread;
  readonly behaviour: Behaviour;
  /** To be removed once the session is warm. */
  readonly marker: LoadMarker | undefined;
}

/** Fixed part of the longest time that loading may take; the rest is for reading the file at 10 MB a second. */
const LOAD_TIMEOUT_MS = 60_000;
const LOAD_BYTES_PER_MS = 10_000;
/** Largest model that may keep the main thread from health checks while it loads: 32 MiB of trees took 0.7 s. */
const MAX_AT_ONCE_BYTES = 32 * 2 ** 20;
/** Memory that loading takes at most of what was seen, in sizes of the file: 14 for a forest. */
const LOAD_FACTOR = 16;

/**
 * Tries a model and loads it: at once where that can only cost a restart, else in a process of its own first. See
 * docs/adr/0010-try-only-what-may-harm.md.
 * @throws ModelFailure; the signal's reason
 */
export async function openModel(placed: PlacedModel, rows: MadeUpRows, options: OpenOptions): Promise<OpenedModel> {
  const { config, signal, restartedFor } = options;
  const limitBytes = memoryLimitBytes(config.limits.memoryBytes);
  if (placed.sizeBytes > limitBytes) throw tooLarge(limitBytes);
  signal?.throwIfAborted();
  const marker =
    restartedFor !== undefined && isHarmless(placed, config, limitBytes)
      ? leaveMarker(config.model.directory, restartedFor)
      : undefined;
  if (marker?.wasLeft === false) return { ...(await openAtOnce(placed, rows, { config, limitBytes })), marker };
  const behaviour = await tryModel(
    { modelFile: placed.file, ...rows },
    {
      memoryLimitBytes: limitBytes,
      loadTimeoutMs: LOAD_TIMEOUT_MS + placed.sizeBytes / LOAD_BYTES_PER_MS,
      runTimeoutMs: config.http.requestTimeoutMs,
      signal,
    },
  );
  const thread = config.inferenceThread === 'Auto' ? chooseThread(behaviour) : config.inferenceThread;
  const session = await openSession(placed.file, thread, config.limits.cpuMillis);
  return { session, thread, behaviour, marker };
}

/**
 * Whether a file that is made to harm could do no more than end this process or keep it busy for a while. On a worker thread a run without
 * end would go unnoticed: there health checks are answered all the same.
 */
function isHarmless(
  { prepared, sizeBytes }: PlacedModel,
  { inferenceThread }: OpenConfig,
  limitBytes: number,
): boolean {
  const isSmall = sizeBytes <= MAX_AT_ONCE_BYTES && sizeBytes * LOAD_FACTOR <= limitBytes;
  return isSmall && !prepared.hasSubgraphs && inferenceThread !== 'Worker';
}

async function openAtOnce(
  { file }: PlacedModel,
  rows: MadeUpRows,
  { config, limitBytes }: { readonly config: OpenConfig; readonly limitBytes: number },
): Promise<Omit<OpenedModel, 'marker'>> {
  const session = await openSession(file, 'Main', config.limits.cpuMillis);
  const behaviour = await tryOut(session, rows);
  if (isNearLimit(peakAnonymousBytes(), limitBytes)) {
    await session.close();
    throw tooLarge(limitBytes);
  }
  const thread = config.inferenceThread === 'Auto' ? chooseThread(behaviour) : config.inferenceThread;
  if (thread === 'Main') return { session, thread, behaviour };
  await session.close();
  return { session: await openSession(file, thread, config.limits.cpuMillis), thread, behaviour };
}
