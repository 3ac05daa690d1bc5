import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { readSituation, type Situation } from '../cluster/situation.ts';
import type { Terminal } from '../terminal.ts';
import { phaseOf, type Phase } from './phases.ts';

export interface FollowOptions {
  readonly terminal: Terminal;
  readonly timeoutMs: number;
  /** A verdict that was there before counts only after this time: the operator is looking again. */
  readonly ignoreStalledForMs: number;
}

export interface Followed {
  readonly outcome: Phase['outcome'];
  /** As it was last seen. */
  readonly situation: Situation;
}

const INTERVAL_MS = 500;
/** The operator handles an object within a second or two. */
const PATIENCE_MS = 10_000;

/** Tells each step of a rollout once, on standard error, until it is over or the time is. @throws CommandError */
export async function follow(cluster: Cluster, name: string, options: FollowOptions): Promise<Followed> {
  const { terminal, timeoutMs, ignoreStalledForMs } = options;
  const startedAt = performance.now();
  const told = new Set<string>();
  for (;;) {
    const situation = await readSituation(cluster, name);
    const { outcome, lines } = phaseOf(situation);
    const elapsedMs = performance.now() - startedAt;
    const isLate =
      (situation.modelDeployment.status?.observedGeneration ?? 0) < situation.modelDeployment.metadata.generation;
    const patience =
      isLate && elapsedMs > PATIENCE_MS ? ['The operator has not looked at it yet: does it run? (doctor)'] : [];
    for (const line of [...lines, ...patience]) {
      if (told.has(line)) continue;
      told.add(line);
      terminal.note(`${terminal.style('dim', `${(elapsedMs / 1_000).toFixed(1).padStart(6)}s`)}  ${line}`);
    }
    const isOver = outcome === 'ready' || (outcome === 'stalled' && elapsedMs >= ignoreStalledForMs);
    if (isOver) return { outcome, situation };
    if (elapsedMs >= timeoutMs) return { outcome: 'waiting', situation };
    await delay(Math.min(INTERVAL_MS, timeoutMs - elapsedMs));
  }
}
