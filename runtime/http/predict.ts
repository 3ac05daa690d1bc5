import type { Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { ModelSignature } from '../onnx/signature.ts';
import { decodeV1Request, type V1Request } from '../protocol/v1/decode-request.ts';
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
    const { predictor, signature, example } = requireModel(state);
    requireJson(ctx.req);
    predictor.checkAdmission();
    const signal = clientGone(ctx.res);
    const body = await readBody(ctx.req, {
      maxBytes: maxRequestBytes,
      timeoutMs: requestTimeoutMs,
      share: budget.share(ctx.res),
    });
    const request = decodeOrShow(body, signature, example);
    const response = await predictor.predict(request, { deadlineMs, signal });
    ctx.type = 'json';
    ctx.body = encodeV1Response(response, { form: request.form, batched: signature.batched });
  };
}

/** Longest example that an error shows. */
const MAX_EXAMPLE_CHARACTERS = 1_000;

/** @throws RequestError InvalidInput, with an example of what the model takes where it is short enough to read */
function decodeOrShow(body: Buffer, signature: ModelSignature, example: string | undefined): V1Request {
  try {
    return decodeV1Request(body, signature);
  } catch (cause) {
    const isShort = example !== undefined && example.length <= MAX_EXAMPLE_CHARACTERS;
    if (!isShort || !(cause instanceof RequestError)) throw cause;
    throw new RequestError(cause.code, cause.message, { cause, example });
  }
}

/** @throws RequestError ModelNotReady while the model is being loaded */
export function requireModel(state: ServingState): ServedModel {
  return state.requireModel();
}
