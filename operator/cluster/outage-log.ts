import type { Logger } from '../log.ts';

export interface Outage {
  /** HTTP status; undefined: no answer. */
  readonly statusCode: number | undefined;
  readonly error: unknown;
}

/** Tells of failing watches once each, and of an API server that does not answer once for all of them. */
export class OutageLog {
  readonly #log: Logger;
  readonly #onOver: () => void;
  /** Failing watches, with the problem told. */
  readonly #failing = new Map<string, string>();

  /** @param onOver every watch works again after one or more did not */
  constructor(log: Logger, onOver: () => void) {
    this.#log = log;
    this.#onOver = onOver;
  }

  begin(watch: string, { statusCode, error }: Outage): void {
    const problem = statusCode === undefined ? 'no answer' : String(statusCode);
    const isKnown =
      this.#failing.get(watch) === problem ||
      (statusCode === undefined && [...this.#failing.values()].includes(problem));
    this.#failing.set(watch, problem);
    if (isKnown) return;
    if (statusCode === undefined) {
      this.#log.warn({ err: error }, 'the API server does not answer, trying again');
    } else if (statusCode === 404) {
      this.#log.warn({ watch }, 'the API server does not know this kind, waiting until it is installed');
    } else if (statusCode === 401 || statusCode === 403) {
      this.#log.warn({ watch, statusCode }, 'the operator may not list and watch this kind, check its role');
    } else {
      this.#log.warn({ watch, statusCode, err: error }, 'watch failed, trying again');
    }
  }

  over(watch: string): void {
    if (!this.#failing.delete(watch) || this.#failing.size > 0) return;
    this.#log.info({}, 'every watch works again');
    this.#onOver();
  }
}
