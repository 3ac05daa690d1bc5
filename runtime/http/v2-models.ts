import type { Middleware } from 'koa';
import { decodeIndexRequest } from '../protocol/v2/decode-index-request.ts';
import { modelMetadata, repositoryIndex, serverMetadata } from '../protocol/v2/metadata.ts';
import { stringifyJson } from '../protocol/stringify-json.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { ServingState } from '../serving-state.ts';
import { VERSION } from '../version.ts';
import { readBody } from './read-body.ts';

/** `GET /v2` */
export function describeServer(): Middleware {
  return (ctx) => {
    ctx.body = serverMetadata(VERSION);
  };
}

/** `GET /v2/health/live`: as `/livez`. */
export function serverLiveness(state: ServingState): Middleware {
  return (ctx) => answerHealth(ctx, state.isAlive, { live: state.isAlive });
}

/** `GET /v2/health/ready`: as `/readyz`. The protocol's text calls the answer `live`, KServe `ready`. */
export function serverReadiness(state: ServingState): Middleware {
  return (ctx) => answerHealth(ctx, isReady(state), { live: state.isAlive, ready: isReady(state) });
}

/** `GET /v2/models/NAME` */
export function describeModel(name: string, state: ServingState): Middleware {
  return (ctx) => {
    const { generation, signature } = state.requireModel();
    answer(ctx, modelMetadata({ name, version: generation, signature }));
  };
}

/** `GET /v2/models/NAME/ready`: 200, or 503 with the reason. */
export function modelReadiness(name: string, state: ServingState): Middleware {
  return (ctx) => {
    const ready = isReady(state);
    const error = state.isDraining ? 'the pod is stopping' : 'the model is being loaded';
    answerHealth(ctx, ready, ready ? { name, ready } : { name, ready, error, code: 'ModelNotReady' });
  };
}

/** Longest body of a question about models. */
const MAX_QUESTION_BYTES = 64 * 1024;

/** `POST /v2/repository/index` of Triton's model repository extension; the models of this pod are loaded and unloaded by the operator. */
export function indexRepository(
  name: string,
  state: ServingState,
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
): Middleware {
  return async (ctx) => {
    const body = await readBody(ctx.req, { maxBytes: MAX_QUESTION_BYTES, timeoutMs: requestTimeoutMs });
    const { readyOnly } = decodeIndexRequest(body);
    const { generation } = state.requireModel();
    answer(ctx, repositoryIndex({ name, version: generation }, { isReady: isReady(state), readyOnly }));
  };
}

function answer(ctx: Parameters<Middleware>[0], body: JsonValue): void {
  ctx.type = 'json';
  ctx.body = stringifyJson(body);
}

function isReady(state: ServingState): boolean {
  return state.isReady && state.isAlive;
}

function answerHealth(ctx: Parameters<Middleware>[0], isWell: boolean, body: object): void {
  ctx.status = isWell ? 200 : 503;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = body;
}
