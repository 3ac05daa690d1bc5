import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { ServingState } from '../serving-state.ts';

/** What is echoed: printable ASCII without spaces, so that it can go into a header and a log line as it is. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Headers of every answer: `X-Request-Id` (the client's, when it is one, else a new one), `X-Model-Generation` once loaded, `Connection: close` while draining. */
export function responseHeaders(state: ServingState): Middleware {
  return (ctx, next) => {
    const given = ctx.get('X-Request-Id');
    ctx.set('X-Request-Id', REQUEST_ID.test(given) ? given : randomUUID());
    if (state.model) ctx.set('X-Model-Generation', state.model.generation);
    if (state.isDraining) ctx.set('Connection', 'close');
    return next();
  };
}
