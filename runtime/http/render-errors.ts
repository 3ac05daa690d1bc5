import type { Context, Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { errorAnswer } from './answer.ts';

/** Makes every failure the one error shape, `{"error": sentence, "code": stable code}`. What is not a RequestError is our mistake: logged, and not shown. */
export function renderErrors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) throw unknownRoute(ctx);
      // The router's word for methods that it has for no route at all.
      if (ctx.status === 405 || ctx.status === 501) throw methodNotAllowed(ctx);
    } catch (error) {
      const requestId = ctx.response.get('X-Request-Id');
      render(ctx, toRequestError(error, { log, requestId }));
    }
  };
}

/** What the client is told. What is our mistake is logged. */
export function toRequestError(
  error: unknown,
  { log, requestId }: { readonly log: Pick<Logger, 'error'>; readonly requestId: string },
): RequestError {
  const known = error instanceof RequestError ? error : undefined;
  if (known && known.code !== 'InferenceFailed') return known;
  log.error({ err: error, requestId }, 'request failed');
  return known ?? new RequestError('InferenceFailed', 'the request could not be answered', { cause: error });
}

function render(ctx: Context, error: RequestError): void {
  const { status, headers, contentType, body } = errorAnswer(error);
  ctx.status = status;
  for (const [name, value] of headers) ctx.set(name, value);
  ctx.set('Content-Type', contentType);
  ctx.body = body;
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
