import { Buffer } from 'node:buffer';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RequestObserver } from '../request-record.ts';
import type { ServingState } from '../serving-state.ts';
import { type Answerer, handOver, type HttpAnswer } from './answer.ts';
import { MIN_COMPRESSED_BYTES } from './compress-responses.ts';
import { openRequest } from './observe-requests.ts';

/** A route that is answered without Koa. */
export interface FrontRoute {
  /** As metrics call it: the pattern that Koa's router has for it. */
  readonly pattern: string;
  readonly answerTo: Answerer;
}

export interface FrontDoorDependencies {
  /** By the path of a POST, exactly as clients write it. */
  readonly routes: ReadonlyMap<string, FrontRoute>;
  readonly state: ServingState;
  readonly observe: RequestObserver;
}

/**
 * Answers predictions in front of Koa, which takes a quarter to a third of the processor time of a small one (docs/performance.md). It writes only what is plain: a 200
 * that is not to be compressed. Everything else goes through Koa's middlewares: other routes from the start, errors and large answers once they are known.
 */
export function frontDoor(
  { routes, state, observe }: FrontDoorDependencies,
  koa: (request: IncomingMessage, response: ServerResponse) => void,
): RequestListener {
  return (request, response) => {
    const route = request.method === 'POST' ? routes.get(request.url ?? '') : undefined;
    if (!route || state.isDraining || request.headers.accept?.includes('text/csv') === true) {
      koa(request, response);
      return;
    }
    const open = openRequest(request, response, { observe, state });
    open.route = route.pattern;
    void finish(route.answerTo({ request, response, querystring: '', prefersCsv: false }), open.requestId);

    async function finish(answer: Promise<HttpAnswer>, requestId: string): Promise<void> {
      try {
        const ready = await answer;
        if (isPlain(ready, request, state)) {
          write(response, ready, { requestId, generation: state.requireModel().generation });
          return;
        }
      } catch {
        // Koa's middlewares meet it again, and render it.
      }
      handOver(response, answer);
      koa(request, response);
    }
  };
}

function isPlain({ body }: HttpAnswer, { headers }: IncomingMessage, { isDraining }: ServingState): boolean {
  return !isDraining && (body.length < MIN_COMPRESSED_BYTES || headers['accept-encoding'] === undefined);
}

function write(
  response: ServerResponse,
  { contentType, body, headers }: HttpAnswer,
  { requestId, generation }: { readonly requestId: string; readonly generation: string },
): void {
  const all = ['X-Request-Id', requestId, 'X-Model-Generation', generation];
  for (const [name, value] of headers) all.push(name, value);
  all.push('Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(body)));
  // What would be compressed for another client.
  if (body.length >= MIN_COMPRESSED_BYTES) all.push('Vary', 'Accept-Encoding');
  response.writeHead(200, all);
  response.end(body);
}
