import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { requestIdFrom } from '../request-id.ts';
import { type RequestObserver, RequestStages } from '../request-record.ts';
import type { ServingState } from '../serving-state.ts';

/** A request while it is answered: what of it is told once it is over. */
export interface OpenRequest {
  /** The route's pattern, once one has matched. */
  route: string;
  readonly requestId: string;
  readonly startedMs: number;
  readonly stages: RequestStages;
}

/** Kept in the response itself: a weak map makes every garbage collection dearer. */
const OPEN_REQUEST: unique symbol = Symbol('request that this is the answer to');
type Response = ServerResponse & { [OPEN_REQUEST]?: OpenRequest };

/** Begins to follow a request; the observer is told once its answer has been sent, or its client has gone. */
export function openRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { observe, state }: { readonly observe: RequestObserver; readonly state: Pick<ServingState, 'model'> },
): OpenRequest {
  const { headers, method = '' } = request;
  const open: OpenRequest = {
    route: 'none',
    requestId: requestIdFrom(headers['x-request-id']?.toString() ?? ''),
    startedMs: performance.now(),
    stages: new RequestStages(),
  };
  (response as Response)[OPEN_REQUEST] = open;
  response.once('close', () => {
    // A client that went away before the answer has seen no status; 499 as nginx says it.
    const status = response.writableFinished ? response.statusCode : 499;
    observe({
      protocol: 'http',
      method,
      route: open.route,
      status,
      isFailure: status >= 500,
      startedMs: open.startedMs,
      durationMs: performance.now() - open.startedMs,
      requestId: open.requestId,
      generation: state.model?.generation,
      traceparent: headers.traceparent?.toString(),
      tracestate: headers.tracestate?.toString(),
      stages: open.stages,
    });
  });
  return open;
}

/** What is followed of the request that this is the answer to. */
export function openRequestOf(response: ServerResponse): OpenRequest | undefined {
  return (response as Response)[OPEN_REQUEST];
}

/** Follows every request that Koa answers, unless it is followed already. */
export function observeRequests(observe: RequestObserver, state: ServingState): Middleware {
  return async (ctx, next) => {
    const open = openRequestOf(ctx.res) ?? openRequest(ctx.req, ctx.res, { observe, state });
    try {
      await next();
    } finally {
      open.route = routeOf(ctx);
    }
  };
}

/** @koa/router leaves the pattern in the context; what matched none is not told apart, clients could make up any number of paths. */
function routeOf(ctx: object): string {
  const { _matchedRoute: pattern } = ctx as { _matchedRoute?: unknown };
  return typeof pattern === 'string' ? pattern.replaceAll('\\', '') : 'none';
}
