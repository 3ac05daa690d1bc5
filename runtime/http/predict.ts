import type { ServingState } from '../serving-state.ts';
import { type Answerer, errorAnswer, type Exchange, type HttpAnswer } from './answer.ts';
import { BodyBudget } from './body-budget.ts';
import { bodyFormatOf, encodePrediction } from './predict-formats.ts';
import { requestTimeoutMsOf } from './request-timeout.ts';
import { serverTiming } from './server-timing.ts';
import { decodeOrShow } from './show-example.ts';
import { StageClock } from '../stage-clock.ts';

export interface PredictLimits {
  readonly maxRequestBytes: number;
  /** From the first byte of the request on; then 504. */
  readonly requestTimeoutMs: number;
}

/** `POST /predict` and its other names: V1 JSON, CSV or .npy in, predictions out as JSON or CSV. */
export function predictV1(state: ServingState, { maxRequestBytes, requestTimeoutMs }: PredictLimits): Answerer {
  const budget = new BodyBudget(maxRequestBytes);
  return (exchange) => {
    const refusal = state.requireModel().predictor.refusal();
    return refusal ? errorAnswer(refusal) : answerTo(exchange);
  };

  async function answerTo(exchange: Exchange): Promise<HttpAnswer> {
    const { headers, gone: signal } = exchange;
    const clock = new StageClock(exchange.stages);
    const timeoutMs = requestTimeoutMsOf(headers, requestTimeoutMs);
    const deadlineMs = clock.startedMs + timeoutMs;
    const { predictor, signature, example } = state.requireModel();
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
  }
}
