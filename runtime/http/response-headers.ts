import type { Middleware } from 'koa';
import { requestIdFrom } from '../request-id.ts';
import type { ServingState } from '../serving-state.ts';
import { openRequestOf } from './observe-requests.ts';

/** Headers of every answer: `X-Request-Id` (the client's, when it is one, else a new one), `X-Model-Generation` once loaded, `Connection: close` while draining. */
export function responseHeaders(state: ServingState): Middleware {
  return (ctx, next) => {
    ctx.set('X-Request-Id', openRequestOf(ctx.res)?.requestId ?? requestIdFrom(ctx.get('X-Request-Id')));
    if (state.model) ctx.set('X-Model-Generation', state.model.generation);
    if (state.isDraining) ctx.set('Connection', 'close');
    return next();
  };
}
