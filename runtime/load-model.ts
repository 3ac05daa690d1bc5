import type { DownloadedModel } from '../storage/model-store.ts';
import { FULL_BATCH_ROWS } from './batching/batcher.ts';
import type { RuntimeConfig } from './config.ts';
import { ModelFailure, RequestError } from './errors.ts';
import type { Logger } from './log.ts';
import type { ModelSignature } from './onnx/signature.ts';
import { openModel, type OpenConfig } from './open-model.ts';
import { applyModelSettings } from './presentation/settings.ts';
import { settleScoreKinds } from './presentation/settle.ts';
import { prepareModel, type PlacedModel } from './prepare-model.ts';
import type { SessionThread } from './session/choose-thread.ts';
import { classifyRunFailure, readable } from './session/run-failure.ts';
import type { Session } from './session/session.ts';
import type { MadeUpRows } from './session/try-out.ts';
import { makeVariedFeeds, makeWarmUpFeeds } from './session/warm-up-feeds.ts';
import { readSideFiles } from './side-files.ts';
import type { NamedTensors } from './tensor/tensor.ts';

/** A model that has been loaded, tried and warmed up. */
export interface LoadedModel {
  readonly signature: ModelSignature;
  readonly session: Session;
  readonly thread: SessionThread;
  /** e.g. `skl2onnx 1.21.0`; empty when the file does not say. */
  readonly producer: string;
  /** Text of golden.json beside the model, for the self-check. */
  readonly golden: string | undefined;
  /** Duration of a run of one row in the trial; undefined when the model refused every made-up row. */
  readonly oneRowMs: number | undefined;
  /** Feeds that the model took at warm-up, one row; undefined when it refused all. */
  readonly exampleFeeds: NamedTensors | undefined;
  /** What whoever serves this model should know, one sentence each. */
  readonly warnings: readonly string[];
}

/** Rows that are looked at to tell probabilities from scores. */
const SETTLE_ROWS = 16;
/** Runs that make the session's memory and the JavaScript around it warm, and the time after which no further one begins. */
const WARM_UP_RUNS = 5;
const WARM_UP_MS = 500;

type LoadConfig = OpenConfig & Pick<RuntimeConfig, 'batching'>;

export interface LoadOptions {
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Whether this process is started again should it die; default false. Then a small model need not be tried in a process of its own first. */
  readonly isRestarted?: boolean | undefined;
}

/**
 * From a file on disk to a session that is ready to answer: read and rewrite, try, load, warm up.
 * @throws ModelFailure; the signal's reason
 */
export async function loadModel(
  downloaded: Pick<DownloadedModel, 'modelFile' | 'sha256'>,
  config: LoadConfig,
  { log, signal, isRestarted = false }: LoadOptions,
): Promise<LoadedModel> {
  const sideFiles = await readSideFiles(downloaded.modelFile);
  const placed = await prepareModel(downloaded.modelFile, config.model.directory);
  let isKept = false;
  try {
    const { prepared } = placed;
    const signature = applyModelSettings(prepared, { ...config.model.settings, labelsFile: sideFiles.labels });
    const feeds = makeWarmUpFeeds(signature, 1);
    const restartedFor = isRestarted ? downloaded.sha256 : undefined;
    const opened = await openModel(placed, madeUpRows(signature, feeds, config), { config, signal, restartedFor });
    const { session, thread, behaviour, marker } = opened;
    log.debug({ ...behaviour }, 'model tried');
    const { oneRowMs, feedsIndex, refusal } = behaviour;
    const accepted = feedsIndex === undefined ? undefined : feeds[feedsIndex];
    let settled: ModelSignature;
    let warnings: string[];
    try {
      warnings = refusal === undefined ? [] : [judgeRefusal(refusal)];
      settled = await settle(session, signature, { accepted, oneRowMs });
    } catch (error) {
      await session.close();
      throw error;
    }
    marker?.remove();
    isKept = thread === 'Worker';
    return {
      signature: settled,
      session: isKept ? removingAtClose(session, placed) : session,
      thread,
      producer: prepared.producer,
      golden: sideFiles.golden,
      oneRowMs,
      exampleFeeds: accepted,
      warnings,
    };
  } finally {
    if (!isKept) await placed.remove();
  }
}

/** A worker that ends is replaced by one that loads the same file. */
function removingAtClose(session: Session, placed: PlacedModel): Session {
  return {
    run: (feeds, outputs) => session.run(feeds, outputs),
    isAlive: () => session.isAlive(),
    async close() {
      await session.close();
      await placed.remove();
    },
  };
}

function madeUpRows(
  signature: ModelSignature,
  oneRow: readonly NamedTensors[],
  { batching }: Pick<LoadConfig, 'batching'>,
): MadeUpRows {
  const takesMore = signature.batched && signature.fixedBatch === undefined;
  const fullBatch = takesMore ? makeWarmUpFeeds(signature, Math.min(FULL_BATCH_ROWS, batching.maxRows)) : [];
  return { oneRow, fullBatch, outputs: signature.presentation.outputs };
}

/**
 * A model may well refuse rows of zeros (a category it never saw), so that alone does not keep it from serving; only golden.json knows what
 * it must take. A failure that is not about the values would meet every request.
 * @returns a warning
 * @throws ModelFailure ModelUnsupported
 */
function judgeRefusal(refusal: string): string {
  const failure = classifyRunFailure(new Error(refusal));
  if (failure.code !== 'InvalidInput') {
    throw new ModelFailure('ModelUnsupported', `onnxruntime loads the model but cannot run it: ${readable(refusal)}`, {
      cause: failure,
    });
  }
  return `the model took none of the rows it was warmed up with (${failure.message}); put rows that it takes into golden.json beside it`;
}

/** Warms the session up, and settles what only its numbers can tell. */
async function settle(
  session: Session,
  signature: ModelSignature,
  { accepted, oneRowMs = 0 }: { readonly accepted: NamedTensors | undefined; readonly oneRowMs: number | undefined },
): Promise<ModelSignature> {
  const { batched, fixedBatch } = signature;
  let { presentation } = signature;
  if (presentation.task === 'classification') {
    const wanted = oneRowMs * SETTLE_ROWS < WARM_UP_MS ? SETTLE_ROWS : 2;
    const rows = batched ? (fixedBatch ?? wanted) : 1;
    const outputs = await tryRun(session, makeVariedFeeds(signature, rows), presentation.outputs);
    if (outputs) presentation = settleScoreKinds(presentation, outputs, rows);
  }
  const outputs = accepted && (await warmUp(session, accepted, presentation.outputs));
  if (outputs) presentation = settleScoreKinds(presentation, outputs, fixedBatch ?? 1);
  return { ...signature, presentation };
}

/** @returns what the last run gave */
async function warmUp(
  session: Session,
  feeds: NamedTensors,
  outputs: readonly string[],
): Promise<NamedTensors | undefined> {
  const startedMs = performance.now();
  let results: NamedTensors | undefined;
  for (let run = 0; run < WARM_UP_RUNS && performance.now() - startedMs < WARM_UP_MS; run += 1) {
    results = await tryRun(session, feeds, outputs);
  }
  return results;
}

async function tryRun(
  session: Session,
  feeds: NamedTensors,
  outputs: readonly string[],
): Promise<NamedTensors | undefined> {
  try {
    return await session.run(feeds, outputs);
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}
