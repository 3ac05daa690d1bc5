import type { Reason } from '../../operator/api/model-deployment.ts';

/** How it stands: nothing to do, wait, or a person must act. */
export type Standing = 'fine' | 'waiting' | 'stuck';

/** One observation that the explanation rests on. */
export interface Evidence {
  /** What was looked at: `condition Ready`, `pod iris-6d4c-x7k2p`, `event`. */
  readonly source: string;
  readonly text: string;
}

/** Why a ModelDeployment is as it is. */
export interface Explanation {
  readonly name: string;
  readonly namespace: string;
  readonly standing: Standing;
  /** Of the condition Ready; undefined while no operator has written one for the spec as it is now. */
  readonly reason: Reason | undefined;
  /** What is behind it: the same reason, except where Ready sums up what a pod said (ModelRejected). */
  readonly cause: Reason | 'NotObserved';
  /** One or two sentences about this very object. */
  readonly message: string;
  /** What the cause means in general. */
  readonly meaning: string;
  /** What usually brings it about; empty when nothing is wrong. */
  readonly causes: readonly string[];
  readonly evidence: readonly Evidence[];
  /** What to type next. */
  readonly next: readonly string[];
}
