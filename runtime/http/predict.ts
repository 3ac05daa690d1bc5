import type { ServingState } from '../serving-state.ts';
import type { Answerer } from './answer.ts';
import { BodyBudget } from './body-budget.ts';
import { bodyFormatOf, encodePrediction } from './predict-formats.ts';
import { requestTimeoutMsOf } from './request-timeout.ts';
import { serverTiming } from './server-timing.ts';
import { decodeOrShow } from './show-example.ts';
import { unlessFull } from './unless-full.ts';
import { StageClock } from '../stage-clock.ts';

export interface PredictLimits {
  readonly maxRequestBytes: number;
  /** From the first byte of the request on; then 504. */
  readonly requestTimeoutMs: number;
}

/** `POST /predict` and its other names: V1 JSON, CSV or .npy in, predictions out as JSON or CSV. */
export function predictV1(state: ServingState, { maxRequestBytes, requestTimeoutMs }: PredictLimits): Answerer {
  const budget = new BodyBudget(maxRequestBytes);
  return unlessFull(state, async (exchange, { predictor, signature, example }) => {
    const { headers, gone: signal } = exchange;
    const clock = new StageClock(exchange.stages);
    const timeoutMs = requestTimeoutMsOf(headers, requestTimeoutMs);
    const deadlineMs = clock.startedMs + timeoutMs;
    const format = bodyFormatOf(headers['content-type'], exchange.querystring);
    const share = budget.share(exchange);
    const body = await exchange.readBody({ maxBytes: maxRequestBytes, timeoutMs, share });
    clock.end('readMs');
    const request = decodeOrShow(() => format.decode(body, signature), format.isJson ? example : undefined);
    clock.end('decodeMs');
    const computed = await predictor.compute(request, { deadlineMs, signal, stages: clock.stages });
    clock.skip();
    const form = { form: request.form, batched: signature.batched, rows: request.rows };
    const answer = encodePrediction(computed, form, exchange.prefersCsv);
    clock.end('encodeMs');
    const timing = serverTiming(headers, clock);
    return timing ? { ...answer, headers: [...answer.headers, timing] } : answer;
  });
}
