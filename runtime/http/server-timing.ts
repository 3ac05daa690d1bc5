import type { Context } from 'koa';
import { STAGES } from '../request-record.ts';
import type { StageClock } from '../stage-clock.ts';

/** Any value but nothing asks for `Server-Timing`. */
const ASKED_BY = 'x-server-timing';

/** `Server-Timing` (W3C), in milliseconds, for a client that asks with `X-Server-Timing: 1`: where the time of this prediction went. */
export function addServerTiming(ctx: Context, { stages, startedMs }: StageClock): void {
  if (!ctx.req.headers[ASKED_BY]) return;
  const parts = STAGES.flatMap(([name, key]) => {
    const ms = stages[key];
    return ms === undefined ? [] : [`${name};dur=${ms.toFixed(3)}`];
  });
  const total = performance.now() - startedMs;
  ctx.set('Server-Timing', [...parts, `total;dur=${total.toFixed(3)}`].join(', '));
}
