import type { Clock } from './clock.ts';
import type { Key } from './cluster/client.ts';
import { ConflictError, TransientError } from './errors.ts';
import type { Logger } from './log.ts';
import type { PassOutcome } from './metrics.ts';
import type { Outcome } from './work-queue.ts';

export interface PassSurroundings {
  readonly reconcile: (key: Key) => Promise<Outcome>;
  readonly countPass: (outcome: PassOutcome, seconds: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes the queue's `run` of a reconciler: the edge at which errors end. Each is logged once here, and told to the queue as
 * an outcome.
 */
export function makeRunPass({ reconcile, countPass, clock, log }: PassSurroundings): (key: Key) => Promise<Outcome> {
  /** Keys whose last pass failed: told once, not with every attempt. */
  const failing = new Set<Key>();
  return async (key) => {
    const startedAt = clock.elapsed();
    const count = (outcome: PassOutcome): void => countPass(outcome, (clock.elapsed() - startedAt) / 1_000);
    try {
      const outcome = await reconcile(key);
      count(outcome.kind === 'requeue' ? 'requeue' : 'done');
      failing.delete(key);
      return outcome;
    } catch (err) {
      const isKnown = failing.has(key);
      if (err instanceof ConflictError) {
        count('conflict');
        log.debug({ modelDeployment: key, err }, 'somebody else wrote first, trying again');
        return { kind: 'retry' };
      }
      failing.add(key);
      if (err instanceof TransientError) {
        count('transient');
        log[isKnown ? 'debug' : 'warn']({ modelDeployment: key, err }, 'reconcile failed, trying again');
        return { kind: 'retry', notBeforeMs: err.retryAfterMs };
      }
      count('bug');
      log.error({ modelDeployment: key, err }, 'reconcile failed for a reason that nobody expected, trying again');
      return { kind: 'retry' };
    }
  };
}
