import { accessLog } from './access-log.ts';
import type { RuntimeConfig } from './config.ts';
import type { Logger } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { RequestObserver } from './request-record.ts';
import { VERSION } from './version.ts';

/** Everything that wants to know of requests, as one. */
export interface RequestObservers {
  readonly observe: RequestObserver;
  /** Sends what is still to be sent. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Metrics always, the access log and traces where the configuration asks for them.
 * @throws ModelFailure InvalidSpec when tracing is set up wrongly
 */
export async function createRequestObservers(
  { model, observability }: Pick<RuntimeConfig, 'model' | 'observability'>,
  metrics: Pick<RuntimeMetrics, 'request'>,
  log: Logger,
): Promise<RequestObservers> {
  const { tracing, accessLogSampleRate } = observability;
  const logged = accessLog(log, accessLogSampleRate);
  // Loaded only where it is wanted: it takes longer than everything else.
  const tracer =
    tracing &&
    (await import('./tracing/tracer.ts')).createTracer({
      ...tracing,
      serviceName: model.name,
      serviceVersion: VERSION,
    });
  const observers = [metrics.request, logged, tracer?.observe].filter((observer) => observer !== undefined);
  const [only] = observers;
  return {
    observe: only && observers.length === 1 ? only : (record) => observers.forEach((observer) => observer(record)),
    close: async (timeoutMs) => tracer?.close(timeoutMs),
  };
}
