import type { Middleware } from 'koa';
import type { RuntimeMetrics } from '../metrics.ts';

/** Counts and times every request once its answer has been sent, under the pattern of its route. */
export function measureRequests(metrics: RuntimeMetrics): Middleware {
  return (ctx, next) => {
    const startedMs = performance.now();
    ctx.res.once('close', () => {
      // A client that went away before the answer has seen no status; 499 as nginx says it.
      const status = ctx.res.writableFinished ? ctx.res.statusCode : 499;
      metrics.request(routeOf(ctx), status, (performance.now() - startedMs) / 1000);
    });
    return next();
  };
}

/** @koa/router leaves the pattern in the context; what matched none is not told apart, clients could make up any number of paths. */
function routeOf(ctx: object): string {
  const { _matchedRoute: pattern } = ctx as { _matchedRoute?: unknown };
  return typeof pattern === 'string' ? pattern.replaceAll('\\', '') : 'none';
}
