import { inferV2 } from '../infer-v2.ts';
import { decodeV2Request } from '../protocol/v2/decode-request.ts';
import { encodeV2Response } from '../protocol/v2/encode-response.ts';
import { JSON_LENGTH_HEADER, jsonLengthOf } from '../protocol/v2-binary/body.ts';
import type { ServingState } from '../serving-state.ts';
import { type Answerer, JSON_TYPE } from './answer.ts';
import { BodyBudget } from './body-budget.ts';
import type { PredictLimits } from './predict.ts';
import { requireJson } from './read-body.ts';
import { requestTimeoutMsOf } from './request-timeout.ts';
import { serverTiming } from './server-timing.ts';
import { decodeOrShow } from './show-example.ts';
import { unlessFull } from './unless-full.ts';
import { StageClock } from '../stage-clock.ts';

/** `POST /v2/models/NAME/infer`: JSON, or JSON with tensors behind it; the answer in the form that was asked for. */
export function infer(
  modelName: string,
  state: ServingState,
  { maxRequestBytes, requestTimeoutMs }: PredictLimits,
): Answerer {
  const budget = new BodyBudget(maxRequestBytes);
  return unlessFull(state, async (exchange, model) => {
    const { headers, gone: signal } = exchange;
    const contentType = headers['content-type'];
    const clock = new StageClock(exchange.stages);
    const timeoutMs = requestTimeoutMsOf(headers, requestTimeoutMs);
    const deadlineMs = clock.startedMs + timeoutMs;
    requireContentType(contentType);
    const share = budget.share(exchange);
    const bytes = await exchange.readBody({ maxBytes: maxRequestBytes, timeoutMs, share });
    clock.end('readMs');
    const jsonLength = headers['inference-header-content-length'];
    const jsonBytes = jsonLengthOf({ jsonLength, contentType }, bytes.byteLength);
    const example = jsonBytes === undefined ? model.exampleV2 : undefined;
    const request = decodeOrShow(() => decodeV2Request({ bytes, jsonBytes }, model.signature), example);
    clock.end('decodeMs');
    const answer = await inferV2(model, request, { deadlineMs, signal, stages: clock.stages });
    clock.skip();
    const encoded = encodeV2Response({ modelName, modelVersion: model.generation, id: request.id, ...answer });
    const { body, jsonBytes: answerJsonBytes } = encoded;
    const extra: [string, string][] = [];
    if (answerJsonBytes !== undefined) extra.push([JSON_LENGTH_HEADER, String(answerJsonBytes)]);
    clock.end('encodeMs');
    const timing = serverTiming(headers, clock);
    if (timing) extra.push(timing);
    const answerType = answerJsonBytes === undefined ? JSON_TYPE : 'application/octet-stream';
    return { status: 200, contentType: answerType, body, headers: extra };
  });
}

/** Bytes, or bytes behind JSON, also as Triton's clients name them on Vertex AI. */
const BINARY_TYPE = /^\s*application\/(?:octet-stream|vnd\.vertex-ai-triton\.binary\+json)\s*(?:;|$)/i;

/** @throws RequestError UnsupportedMediaType */
function requireContentType(type: string | undefined): void {
  if (type === undefined || !BINARY_TYPE.test(type)) requireJson(type);
}
