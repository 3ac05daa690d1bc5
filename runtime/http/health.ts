import type { Middleware } from 'koa';
import type { ServingState } from '../serving-state.ts';

/** `GET /livez`: 200 while the process is sane, also while loading and under full load. */
export function liveness(state: ServingState): Middleware {
  return (ctx) => answer(ctx, state.isAlive, { true: 'live', false: 'stuck' });
}

/** `GET /readyz`: 200 once loaded and warmed up, 503 before, and again when the process is about to end. */
export function readiness(state: ServingState): Middleware {
  return (ctx) =>
    answer(ctx, state.isReady && state.isAlive, { true: 'ready', false: state.isDraining ? 'ending' : 'loading' });
}

function answer(ctx: Parameters<Middleware>[0], isWell: boolean, words: { true: string; false: string }): void {
  ctx.status = isWell ? 200 : 503;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { status: isWell ? words.true : words.false };
}
