import type { Middleware } from 'koa';
import { PROBES } from '../contract.ts';

/** Paths that Vertex AI asks at, whatever they are; undefined: none. */
export interface VertexRoutes {
  readonly health: string | undefined;
  readonly predict: string | undefined;
}

/** Vertex AI's paths as other names of `/readyz` and `/predict`. Compared as they stand: they hold a `:`, which means something to a router. */
export function vertexRoutes({ health, predict }: VertexRoutes): Middleware {
  return (ctx, next) => {
    if (ctx.path === health && ctx.method === 'GET') ctx.path = PROBES.ready;
    else if (ctx.path === predict && ctx.method === 'POST') ctx.path = '/predict';
    return next();
  };
}
