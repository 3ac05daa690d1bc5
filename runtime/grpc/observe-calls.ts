import { Metadata, type ServerInterceptor, ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import type { RuntimeMetrics } from '../metrics.ts';
import { ERROR_CODE_TRAILER } from './status.ts';

export interface ObserveOptions {
  readonly metrics: Pick<RuntimeMetrics, 'request'>;
  /** Only methods whose path begins like this are counted. */
  readonly countedPrefix: string;
  /** Details of a refusal because of size. */
  readonly tooLarge: string;
}

/** Counts every call under its method with the status that was sent, and gives the library's refusal of a large message words that help. */
export function observeCalls({ metrics, countedPrefix, tooLarge }: ObserveOptions): ServerInterceptor {
  return ({ path }, call) => {
    const startedMs = performance.now();
    let isCounted = !path.startsWith(countedPrefix);
    const count = (code: status): void => {
      if (!isCounted) metrics.request(path, status[code], (performance.now() - startedMs) / 1000);
      isCounted = true;
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
        const listener = new ServerListenerBuilder().withOnCancel(() => count(status.CANCELLED)).build();
        next(listener);
      },
    });
  };
}
