import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import { secondsSince } from './measure.ts';
import type { OperatorProcess } from './operator-process.ts';

/** How long another operator takes to lead after the one that leads has ended. */
export interface Takeover {
  /** SIGKILL: the lease runs out. */
  readonly hardSeconds: number;
  /** SIGTERM: the lease is given up. */
  readonly gracefulSeconds: number;
}

/** Ends a leader beside a standby twice. @returns who leads now, too */
export async function measureTakeover(
  bed: Bed,
  leader: OperatorProcess,
): Promise<{ takeover: Takeover; operator: OperatorProcess }> {
  const replace = async (before: OperatorProcess, signal: NodeJS.Signals): Promise<[number, OperatorProcess]> => {
    const standby = await bed.startOperator();
    while ((await standby.readiness()) !== 200) await delay(100);
    // A standby that has just looked at the lease is none of the worse cases.
    await delay(Math.random() * 2_000);
    const startedAt = performance.now();
    await before.stop(signal);
    while ((await standby.metrics('leader')).leader !== 1) await delay(50);
    return [secondsSince(startedAt), standby];
  };
  const [hardSeconds, second] = await replace(leader, 'SIGKILL');
  const [gracefulSeconds, third] = await replace(second, 'SIGTERM');
  return { takeover: { hardSeconds, gracefulSeconds }, operator: third };
}
