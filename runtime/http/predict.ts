import type { Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import { decodeV1Request } from '../protocol/v1/decode-request.ts';
import { encodeV1Response } from '../protocol/v1/encode-response.ts';
import type { ServedModel, ServingState } from '../serving-state.ts';
import { BodyBudget } from './body-budget.ts';
import { clientGone } from './client-gone.ts';
import { readBody, requireJson } from './read-body.ts';

export interface PredictLimits {
  readonly maxRequestBytes: number;
  /** From the first byte of the request on; then 504. */
  readonly requestTimeoutMs: number;
}

/** `POST /predict` and its other names: V1 JSON in, predictions out. */
export function predictV1(state: ServingState, { maxRequestBytes, requestTimeoutMs }: PredictLimits): Middleware {
  const budget = new BodyBudget(maxRequestBytes);
  return async (ctx) => {
    const deadlineMs = performance.now() + requestTimeoutMs;
    const { predictor, signature } = requireModel(state);
    requireJson(ctx.req);
    predictor.checkAdmission();
    const signal = clientGone(ctx.res);
    const body = await readBody(ctx.req, {
      maxBytes: maxRequestBytes,
      timeoutMs: requestTimeoutMs,
      share: budget.share(ctx.res),
    });
    const request = decodeV1Request(body, signature);
    const response = await predictor.predict(request, { deadlineMs, signal });
    ctx.type = 'json';
    ctx.body = encodeV1Response(response, { form: request.form, batched: signature.batched });
  };
}

/** @throws RequestError ModelNotReady while the model is being loaded */
export function requireModel(state: ServingState): ServedModel {
  if (state.model) return state.model;
  throw new RequestError('ModelNotReady', 'the model is being loaded', { retryAfterSeconds: 1 });
}
