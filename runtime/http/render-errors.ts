import type { Context, Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Makes every failure the one error shape, `{"error": sentence, "code": stable code}`. What is not a RequestError is our mistake: logged, and not shown. */
export function renderErrors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) throw unknownRoute(ctx);
      // The router's word for methods that it has for no route at all.
      if (ctx.status === 405 || ctx.status === 501) throw methodNotAllowed(ctx);
    } catch (error) {
      render(ctx, toRequestError(ctx, error, log));
    }
  };
}

function toRequestError(ctx: Context, error: unknown, log: Logger): RequestError {
  const known = error instanceof RequestError ? error : undefined;
  if (known && known.code !== 'InferenceFailed') return known;
  const requestId = ctx.response.get('X-Request-Id');
  log.error({ err: error, requestId }, 'request failed');
  return known ?? new RequestError('InferenceFailed', 'the request could not be answered', { cause: error });
}

function render(ctx: Context, error: RequestError): void {
  ctx.status = error.status;
  if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds));
  const body = JSON.stringify({ error: error.message, code: error.code });
  ctx.type = 'json';
  // Put in as text: parsing it would round integers beyond 2^53.
  ctx.body = error.example === undefined ? body : `${body.slice(0, -1)},"example":${error.example}}`;
}

function unknownRoute(ctx: Context): RequestError {
  return new RequestError(
    'UnknownRoute',
    `there is no ${ctx.method} ${ctx.originalUrl.slice(0, 200)}; predictions are at POST /predict`,
  );
}

function methodNotAllowed(ctx: Context): RequestError {
  return new RequestError(
    'MethodNotAllowed',
    `${ctx.method} is not allowed here; allowed: ${ctx.response.get('Allow')}`,
  );
}
