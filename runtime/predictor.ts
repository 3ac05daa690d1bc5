import { Batcher, type BatcherSettings } from './batching/batcher.ts';
import { type Clock, systemClock } from './batching/clock.ts';
import { concatFeeds } from './batching/concat.ts';
import type { RequestLimits } from './batching/pending-request.ts';
import { sliceNamed } from './batching/split.ts';
import { checkFeeds } from './check-feeds.ts';
import { invalidInput, RequestError } from './errors.ts';
import { missingValueWarnings } from './missing-values.ts';
import type { ModelSignature } from './onnx/signature.ts';
import type { PlainClasses } from './presentation/classify-row.ts';
import { makePresenter, type Presenter } from './presentation/presenter.ts';
import { TrueLabels } from './presentation/true-labels.ts';
import { RowOutputs } from './row-outputs.ts';
import type { Session } from './session/session.ts';
import type { JsonValue } from './tensor/element.ts';
import type { NamedTensors } from './tensor/tensor.ts';

export interface PredictorOptions {
  readonly session: Pick<Session, 'run'>;
  /** With the presentation that warm-up has settled. */
  readonly signature: ModelSignature;
  readonly batching: Omit<BatcherSettings, 'fixedRows'>;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Named tensors to run, as every protocol's decoder makes them. */
export interface InferRequest {
  /** Exactly the model's inputs. The predictor may keep the buffers. */
  readonly feeds: NamedTensors;
  /** Axis 0 of every feed; 1 for a model without batch axis. */
  readonly rows: number;
  /** Graph outputs wanted, one at least, all known. */
  readonly outputs: readonly string[];
}

export interface PredictRequest extends Omit<InferRequest, 'outputs'> {
  /** Graph outputs to show raw; undefined: what the model's task presents. */
  readonly outputs: readonly string[] | undefined;
  readonly parameters: { readonly topK: number | undefined };
}

export interface Prediction {
  /** One for each row; one in all for a model without batch axis. */
  readonly predictions: readonly JsonValue[];
  /** One sentence each; mostly none. */
  readonly warnings: readonly string[];
}

/** What was computed for a request, to be shown in one form or another. */
export interface Computed {
  readonly warnings: readonly string[];
  /** Every class of every row, where that is all that the answer holds: a classifier with one target, asked for nothing special. */
  classes(): PlainClasses | undefined;
  /** As in Prediction. */
  predictions(): readonly JsonValue[];
}

/** The one data plane under all protocols: check -> batch -> run -> present. */
export class Predictor {
  readonly #signature: ModelSignature;
  readonly #batcher: Batcher;
  readonly #presenter: Presenter;
  readonly #trueLabels: TrueLabels;
  readonly #rowOutputs: RowOutputs;
  /** Outputs whose rows are being looked for. */
  readonly #learning = new Set<string>();

  constructor({ session, signature, batching, clock = systemClock }: PredictorOptions) {
    this.#signature = signature;
    const settings = { ...batching, fixedRows: signature.batched ? signature.fixedBatch : undefined };
    this.#batcher = new Batcher((feeds, outputs) => session.run(feeds, outputs), settings, clock);
    this.#presenter = makePresenter(signature.presentation);
    this.#trueLabels = new TrueLabels(signature.presentation);
    this.#rowOutputs = new RowOutputs(signature);
  }

  /** Rows that wait for a run, for metrics. */
  get queuedRows(): number {
    return this.#batcher.queuedRows;
  }

  /** Why not even one more row is let in: asked before a body is read and decoded, it keeps an overloaded process from doing that in vain. */
  refusal(): RequestError | undefined {
    return this.#batcher.refusalOf(1);
  }

  /**
   * Predicts as the model's task presents it.
   * @throws RequestError InvalidInput, Overloaded, DeadlineExceeded, InferenceFailed
   */
  async predict(request: PredictRequest, limits: RequestLimits = {}): Promise<Prediction> {
    const computed = await this.compute(request, limits);
    return { predictions: computed.predictions(), warnings: computed.warnings };
  }

  /**
   * Computes what `predict` shows.
   * @throws RequestError InvalidInput, Overloaded, DeadlineExceeded, InferenceFailed; from what it returns InferenceFailed
   */
  async compute(request: PredictRequest, limits: RequestLimits = {}): Promise<Computed> {
    const { feeds, rows, parameters } = request;
    const { batched, presentation } = this.#signature;
    const warnings = missingValueWarnings(feeds, rows, this.#signature);
    const outputs = request.outputs
      ? await this.infer({ feeds, rows, outputs: request.outputs }, limits)
      : await this.#run({ feeds, rows, outputs: presentation.outputs }, limits);
    const presenter = request.outputs ? makePresenter({ task: 'raw', outputs: request.outputs }) : this.#presenter;
    const isPlain = batched && parameters.topK === undefined;
    return {
      warnings,
      classes: () => (isPlain ? presenter.plainClasses?.(outputs, rows) : undefined),
      predictions: () =>
        batched ? presenter.present(outputs, rows, parameters) : [presenter.presentWhole(outputs, parameters)],
    };
  }

  /**
   * Runs and gives the tensors themselves, in views that other answers may share: read only. Label outputs that the graph computes wrongly
   * hold the right labels. There may be more outputs than were wanted.
   * @throws RequestError InvalidInput, Overloaded, DeadlineExceeded, InferenceFailed
   */
  async infer({ feeds, rows, outputs }: InferRequest, limits: RequestLimits = {}): Promise<NamedTensors> {
    const results = await this.#run({ feeds, rows, outputs: this.#trueLabels.neededFor(outputs) }, limits);
    return this.#trueLabels.correct(results, rows);
  }

  #run(request: InferRequest, limits: RequestLimits): Promise<NamedTensors> {
    const { feeds, rows, outputs } = request;
    checkFeeds(feeds, rows, this.#signature);
    if (rows === 0 && this.#signature.fixedBatch !== undefined) throw invalidInput('', 'expected at least one row');
    const isRowwise = this.#signature.batched && this.#rowOutputs.haveRows(outputs);
    const run = this.#batcher.run({ feeds, rows, outputs, isRowwise }, limits);
    return isRowwise ? run : this.#learnRowsOf(request, run);
  }

  async #learnRowsOf(request: InferRequest, run: Promise<NamedTensors>): Promise<NamedTensors> {
    const results = await run;
    this.#learnRows(request, results);
    return results;
  }

  /** Runs once more, with another number of rows, behind the request that met an output of unknown shape. */
  #learnRows({ feeds, rows, outputs }: InferRequest, results: NamedTensors): void {
    const unknown = this.#rowOutputs.unknown(outputs).filter((name) => !this.#learning.has(name));
    if (unknown.length === 0 || rows === 0) return;
    for (const name of unknown) this.#learning.add(name);
    const learn = (second: NamedTensors | undefined): void => {
      const run = second && { rows: other.rows, outputs: second };
      this.#rowOutputs.learn(unknown, { rows, outputs: results }, run);
    };
    const other =
      rows === 1
        ? { feeds: concatFeeds([feeds, feeds]), rows: 2 }
        : { feeds: concatFeeds([sliceNamed(feeds, 0, 1)]), rows: 1 };
    this.#batcher
      .run({ ...other, outputs: unknown, isRowwise: false })
      .then(learn, (error: unknown) => {
        // Refused only because of the queue: the next request tries again.
        if (!(error instanceof RequestError && error.code === 'Overloaded')) learn(undefined);
      })
      .finally(() => {
        for (const name of unknown) this.#learning.delete(name);
      });
  }
}
