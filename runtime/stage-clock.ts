import { RequestStages } from './request-record.ts';

/** Times what a door does itself with a prediction, one part after the other. */
export class StageClock {
  readonly startedMs = performance.now();
  readonly stages: RequestStages;
  #sinceMs = this.startedMs;

  /** @param stages where the times go; default: somewhere of its own */
  constructor(stages: RequestStages = new RequestStages()) {
    this.stages = stages;
  }

  /** The part that began with the last call has ended. */
  end(stage: 'readMs' | 'decodeMs' | 'encodeMs'): void {
    const since = this.#sinceMs;
    this.skip();
    this.stages[stage] = this.#sinceMs - since;
  }

  /** What was done since the last call is timed by others. */
  skip(): void {
    this.#sinceMs = performance.now();
  }
}
