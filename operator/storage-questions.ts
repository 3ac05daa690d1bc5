import { parseModelPath } from '../storage/model-path.ts';
import type { ModelStat, ModelStore, StorageError } from '../storage/model-store.ts';
import type { Clock } from './clock.ts';

/** What is asked about one path. */
export interface Question {
  /** spec.model.path */
  readonly path: string;
  /** Exactly this generation; undefined: the newest. */
  readonly generation: string | undefined;
}

/** A question that takes longer counts as failed. */
const ASK_TIMEOUT_MS = 10_000;
/** Questions under way at once. */
const MAX_ASKING = 32;

/** Puts questions to storage: a bounded number at once, none for ever. */
export class StorageQuestions {
  readonly #store: Pick<ModelStore, 'stat' | 'statTogether'>;
  readonly #clock: Clock;
  readonly #turns: (() => void)[] = [];
  #open = 0;

  constructor(store: Pick<ModelStore, 'stat' | 'statTogether'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws StorageError, or TimeoutError when storage takes too long */
  async ask({ path, generation }: Question): Promise<ModelStat> {
    return this.#inTurn((signal) => this.#store.stat(parseModelPath(path), { generation, signal }));
  }

  /**
   * The newest of several paths of one bucket, in their order.
   * @returns undefined: that is no cheaper than a question for each, or it failed
   */
  async askTogether(paths: readonly string[]): Promise<readonly (ModelStat | StorageError)[] | undefined> {
    return this.#inTurn(async (signal) => this.#store.statTogether?.(paths.map(parseModelPath), { signal })).catch(
      () => undefined,
    );
  }

  async #inTurn<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#open >= MAX_ASKING) await new Promise<void>((resolve) => this.#turns.push(resolve));
    this.#open += 1;
    try {
      return await this.#inTime(ask);
    } finally {
      this.#open -= 1;
      this.#turns.shift()?.();
    }
  }

  async #inTime<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const aborter = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(ASK_TIMEOUT_MS, () => {
      const error = new DOMException(`no answer within ${ASK_TIMEOUT_MS / 1_000} s`, 'TimeoutError');
      aborter.abort(error);
      // A store that does not heed the signal must not hold the question open.
      late.reject(error);
    });
    try {
      return await Promise.race([ask(aborter.signal), late.promise]);
    } finally {
      cancel();
    }
  }
}
