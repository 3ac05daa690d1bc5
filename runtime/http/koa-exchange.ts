import type { Context, Middleware } from 'koa';
import { RequestStages } from '../request-record.ts';
import type { Answerer, Exchange } from './answer.ts';
import { clientGone } from './client-gone.ts';
import { openRequestOf } from './observe-requests.ts';
import { readBody } from './read-body.ts';

/** Predictions as a handler of Koa's router. */
export function answerInKoa(answerTo: Answerer): Middleware {
  return async (ctx) => {
    const { status, headers, contentType, body } = await answerTo(exchangeOf(ctx));
    for (const [name, value] of headers) ctx.set(name, value);
    ctx.status = status;
    ctx.set('Content-Type', contentType);
    ctx.body = body;
  };
}

function exchangeOf(ctx: Context): Exchange {
  const { req, res, querystring } = ctx;
  const mentionsCsv = req.headers.accept?.includes('text/csv') === true;
  return {
    headers: req.headers,
    querystring,
    prefersCsv: mentionsCsv && ctx.accepts('application/json', 'text/csv') === 'text/csv',
    stages: openRequestOf(res)?.stages ?? new RequestStages(),
    gone: clientGone(res),
    readBody: (limits) => readBody(req, limits),
    onceOver: (callback) => void res.once('close', callback),
  };
}
