import type { ChaosResult } from '../chaos/result.ts';

const MAX_SHOWN = 5;

/** What a run of `make chaos` found, as Markdown. */
export function chaosSection(result: ChaosResult): string[] {
  const { minutes, models, seed, changes, refusedChanges, exits, convergedSeconds, peakRssMB, machine } = result;
  const faults = result.faults.reduce((sum, { count }) => sum + count, 0);
  return [
    `${minutes} minutes, ${models} models, seed ${seed}, on ${machine.cores} cores (${machine.cpu}), begun ${result.startedAt.slice(0, 16).replace('T', ' ')} UTC: **${result.isGood ? 'good' : 'bad'}**.`,
    [
      `- ${changes} changes were made and ${refusedChanges} refused by an API server that was away; ${faults} faults; operators ended by themselves ${exits} times, as they must without their lease.`,
      `- ${convergedSeconds === undefined ? 'Not every object became what its spec says.' : `Every object was as its spec says ${convergedSeconds} s after the last fault.`}`,
      `- Writes after that, until all that may still be waited for was over: ${told(result.lateWrites)}.`,
      `- Writes in the quiet time at the end: ${told(result.quietWrites)}. Writes while the other operator led: ${told(result.fencing)}.`,
      peakRssMB.every(Number.isFinite)
        ? `- Highest resident memory of the two operators: ${peakRssMB.join(' and ')} MB.`
        : '- Their highest resident memory was not recorded in this run.',
    ].join('\n'),
    [
      '| fault | times | longest, s |',
      '|---|---:|---:|',
      ...result.faults.map(({ name, count, longestSeconds }) => `| ${name} | ${count} | ${longestSeconds} |`),
    ].join('\n'),
  ];
}

function told(writes: readonly string[]): string {
  if (writes.length === 0) return 'none';
  const more = writes.length > MAX_SHOWN ? '; …' : '';
  return `${writes.length} (\`${writes.slice(0, MAX_SHOWN).join('`; `')}\`${more})`;
}
