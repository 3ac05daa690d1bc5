import { Metadata, type ServerInterceptor, ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import { requestIdFrom } from '../request-id.ts';
import { type RequestObserver, RequestStages } from '../request-record.ts';
import type { ServingState } from '../serving-state.ts';
import { ERROR_CODE_TRAILER } from './status.ts';

export interface ObserveOptions {
  /** Told of every call once its status has been sent. */
  readonly observe: RequestObserver;
  readonly state: Pick<ServingState, 'model'>;
  /** Only methods whose path begins like this are told of. */
  readonly countedPrefix: string;
  /** Details of a refusal because of size. */
  readonly tooLarge: string;
}

/** A call while it is answered. */
export interface OpenCall {
  readonly requestId: string;
  readonly stages: RequestStages;
}

const OPEN_CALLS = new WeakMap<Metadata, OpenCall>();

/** Failures that are ours, as 5xx are in HTTP. */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
  status.DEADLINE_EXCEEDED,
]);

/** What is followed of the call that came with this metadata. */
export function openCallOf(metadata: Metadata): OpenCall {
  const known = OPEN_CALLS.get(metadata);
  if (known) return known;
  const open = { requestId: requestIdFrom(textOf(metadata, 'x-request-id') ?? ''), stages: new RequestStages() };
  OPEN_CALLS.set(metadata, open);
  return open;
}

/** Tells of every call under its method with the status that was sent, and gives the library's refusal of a large message words that help. */
export function observeCalls({ observe, state, countedPrefix, tooLarge }: ObserveOptions): ServerInterceptor {
  return ({ path }, call) => {
    const startedMs = performance.now();
    let received = new Metadata();
    let isCounted = !path.startsWith(countedPrefix);
    const count = (code: status): void => {
      if (isCounted) return;
      isCounted = true;
      observe({
        protocol: 'grpc',
        method: 'POST',
        route: path,
        status: status[code],
        isFailure: FAILURES.has(code),
        startedMs,
        durationMs: performance.now() - startedMs,
        generation: state.model?.generation,
        traceparent: textOf(received, 'traceparent'),
        tracestate: textOf(received, 'tracestate'),
        ...openCallOf(received),
      });
    };
    // A responder would not see what the library itself sends: those go past it, straight to this method of the innermost call.
    const send = call.sendStatus.bind(call);
    call.sendStatus = (sent) => {
      count(sent.code);
      const isOurs = (sent.metadata?.get(ERROR_CODE_TRAILER).length ?? 0) > 0;
      if (isOurs || sent.code !== status.RESOURCE_EXHAUSTED) return send(sent);
      const metadata = sent.metadata?.clone() ?? new Metadata();
      metadata.set(ERROR_CODE_TRAILER, 'PayloadTooLarge');
      return send({ ...sent, details: tooLarge, metadata });
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        const listener = new ServerListenerBuilder()
          .withOnReceiveMetadata((metadata, pass) => {
            received = metadata;
            pass(metadata);
          })
          .withOnCancel(() => count(status.CANCELLED))
          .build();
        next(listener);
      },
    });
  };
}

function textOf(metadata: Metadata, key: string): string | undefined {
  return metadata.get(key)[0]?.toString();
}
