import { Buffer } from 'node:buffer';
import { type handleUnaryCall, Metadata, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { RequestLimits } from '../batching/pending-request.ts';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RequestStages } from '../request-record.ts';
import type { ServingState } from '../serving-state.ts';
import { openCallOf } from './observe-calls.ts';
import { toServiceError } from './status.ts';

export interface CallDependencies {
  readonly state: ServingState;
  readonly log: Logger;
  /** Longest time until an answer; the client's own deadline may be sooner. */
  readonly requestTimeoutMs: number;
}

/** Bytes of a message -> bytes of its answer. @throws RequestError */
export type AnswerMessage = (message: Uint8Array, limits: CallLimits) => Uint8Array | Promise<Uint8Array>;

/** Limits of a call, and where the times of its parts go. */
export interface CallLimits extends RequestLimits {
  readonly stages: RequestStages;
}

/**
 * A unary method over `answer`: with the response headers that HTTP has, the client's deadline and its going away as limits, and every failure
 * as a gRPC status. What is no RequestError is our mistake: logged, and not shown.
 */
export function unary(answer: AnswerMessage, dependencies: CallDependencies): handleUnaryCall<Buffer, Buffer> {
  const { state, log } = dependencies;
  return (call, callback) => {
    const { requestId } = openCallOf(call.metadata);
    call.sendMetadata(headersOf(requestId, state));
    void settle(answerCall(answer, call, dependencies), callback, (error) =>
      log.error({ err: error, requestId }, 'request failed'),
    );
  };
}

async function settle(
  answer: Promise<Uint8Array>,
  callback: sendUnaryData<Buffer>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  let outcome: Parameters<sendUnaryData<Buffer>>;
  try {
    const bytes = await answer;
    outcome = [null, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)];
  } catch (error) {
    const known = error instanceof RequestError ? error : undefined;
    if (!known || known.code === 'InferenceFailed') onFailure(error);
    outcome = [toServiceError(known ?? new RequestError('InferenceFailed', 'the request could not be answered'))];
  }
  callback(...outcome);
}

async function answerCall(
  answer: AnswerMessage,
  call: ServerUnaryCall<Buffer, Buffer>,
  { requestTimeoutMs }: CallDependencies,
): Promise<Uint8Array> {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  const leftMs = Number(call.getDeadline()) - Date.now();
  const deadlineMs = performance.now() + Math.min(requestTimeoutMs, leftMs);
  return answer(call.request, { deadlineMs, signal: gone.signal, stages: openCallOf(call.metadata).stages });
}

function headersOf(requestId: string, { model }: ServingState): Metadata {
  const headers = new Metadata();
  headers.set('x-request-id', requestId);
  if (model) headers.set('x-model-generation', model.generation);
  return headers;
}
