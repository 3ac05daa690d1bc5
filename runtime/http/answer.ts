import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';

/** A prediction that has been asked for, by whichever door it came. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the URL, without `?`; empty when there is none. */
  readonly querystring: string;
  /** The client prefers CSV to JSON (`Accept: text/csv`). */
  readonly prefersCsv: boolean;
}

/** The body of a 200, and what is to be said of it. */
export interface HttpAnswer {
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Further headers, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads a request, predicts and encodes; writes nothing.
 * @throws RequestError
 */
export type Answerer = (exchange: Exchange) => Promise<HttpAnswer>;

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Where the front door leaves an answer that Koa shall finish. */
const HANDED_OVER: unique symbol = Symbol('answer that Koa shall finish');
type Response = ServerResponse & { [HANDED_OVER]?: Promise<HttpAnswer> };

/** Leaves what has become of a request to Koa's middlewares: an error to be rendered, an answer to be compressed. */
export function handOver(response: ServerResponse, answer: Promise<HttpAnswer>): void {
  (response as Response)[HANDED_OVER] = answer;
}

/** The same answers as a handler of Koa's router. */
export function answerInKoa(answerTo: Answerer): Middleware {
  return async (ctx) => {
    const answer = await ((ctx.res as Response)[HANDED_OVER] ?? answerTo(exchangeOf(ctx)));
    for (const [name, value] of answer.headers) ctx.set(name, value);
    ctx.set('Content-Type', answer.contentType);
    ctx.body = answer.body;
  };
}

function exchangeOf(ctx: Parameters<Middleware>[0]): Exchange {
  const { req, res, querystring } = ctx;
  const mentionsCsv = req.headers.accept?.includes('text/csv') === true;
  const prefersCsv = mentionsCsv && ctx.accepts('application/json', 'text/csv') === 'text/csv';
  return { request: req, response: res, querystring, prefersCsv };
}
