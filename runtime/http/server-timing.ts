import { STAGES } from '../request-record.ts';
import type { StageClock } from '../stage-clock.ts';
import type { AskedHeaders } from './answer.ts';

/** Any value but nothing asks for `Server-Timing`. */
const ASKED_BY = 'x-server-timing';

/**
 * `Server-Timing` (W3C), in milliseconds, for a client that asks with `X-Server-Timing: 1`: where the time of this prediction went.
 * @returns the header; undefined when the client does not ask
 */
export function serverTiming(
  headers: AskedHeaders,
  { stages, startedMs }: StageClock,
): [name: string, value: string] | undefined {
  if (!headers[ASKED_BY]) return undefined;
  const parts = STAGES.flatMap(([name, key]) => {
    const ms = stages[key];
    return ms === undefined ? [] : [`${name};dur=${ms.toFixed(3)}`];
  });
  const total = performance.now() - startedMs;
  return ['Server-Timing', [...parts, `total;dur=${total.toFixed(3)}`].join(', ')];
}
