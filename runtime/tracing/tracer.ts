import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { ModelFailure } from '../errors.ts';
import { type RequestObserver, type RequestRecord, STAGES } from '../request-record.ts';
import { samplerFrom } from './sampler.ts';

export interface TracerOptions {
  /** `service.name` where the environment names none. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. */
  readonly sampler: string | undefined;
  readonly samplerArgument: string | undefined;
  /** Default: OTLP over HTTP, to where `OTEL_EXPORTER_OTLP_ENDPOINT` and its relatives say. */
  readonly exporter?: SpanExporter;
}

/** Exports requests as spans. */
export interface Tracer {
  readonly observe: RequestObserver;
  /** Sends what is left; a collector that does not answer is given up after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * One server span for each request, child of the client's (`traceparent`), with a child for each part of it. The spans are made once the request
 * is over: nothing is passed through the code that answers it. Spans go out in batches; while the collector is away they are dropped.
 * @throws ModelFailure InvalidSpec when the sampler is none
 */
export function createTracer(options: TracerOptions): Tracer {
  const sampler = samplerFrom(options.sampler, options.samplerArgument);
  if (sampler === undefined) {
    const problem = `OTEL_TRACES_SAMPLER is ${JSON.stringify(options.sampler ?? '')} with OTEL_TRACES_SAMPLER_ARG ${JSON.stringify(options.samplerArgument ?? '')}`;
    throw new ModelFailure(
      'InvalidSpec',
      `${problem}: expected always_on, always_off or traceidratio, or one of these behind parentbased_, and an argument from 0 to 1`,
    );
  }
  const provider = new TracerProvider({
    sampler,
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': options.serviceName, 'service.version': options.serviceVersion }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: options.exporter ?? new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer('modeldeployment', options.serviceVersion);
  const propagator = new W3CTraceContextPropagator();
  return {
    observe(record) {
      const startTime = performance.timeOrigin + record.startedMs;
      const span = tracer.startSpan(
        nameOf(record),
        { kind: SpanKind.SERVER, startTime, attributes: attributesOf(record) },
        parentOf(propagator, record),
      );
      if (!span.isRecording()) return;
      if (record.isFailure) span.setStatus({ code: SpanStatusCode.ERROR });
      const inside = trace.setSpan(ROOT_CONTEXT, span);
      let at = startTime;
      for (const [name, key] of STAGES) {
        const ms = record.stages[key];
        if (ms === undefined) continue;
        tracer.startSpan(name, { startTime: at }, inside).end(at + ms);
        at += ms;
      }
      span.end(startTime + record.durationMs);
    },
    async close(timeoutMs) {
      await Promise.race([provider.shutdown().catch(() => undefined), delay(timeoutMs)]);
    },
  };
}

function delay(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms).unref();
  return promise;
}

function parentOf(propagator: W3CTraceContextPropagator, { traceparent, tracestate }: RequestRecord): Context {
  if (traceparent === undefined) return ROOT_CONTEXT;
  const headers: Record<string, string | undefined> = { traceparent, tracestate };
  return propagator.extract(ROOT_CONTEXT, headers, {
    get: (carrier: typeof headers, key) => carrier[key],
    keys: Object.keys,
  });
}

/** As the semantic conventions of OpenTelemetry name spans of servers. */
function nameOf({ protocol, method, route }: RequestRecord): string {
  return protocol === 'grpc' ? route.slice(1) : route === 'none' ? method : `${method} ${route}`;
}

function attributesOf(record: RequestRecord): Attributes {
  const { protocol, method, route, status, requestId, generation, stages } = record;
  const common = {
    'modeldeployment.request_id': requestId,
    'modeldeployment.model_generation': generation,
    'modeldeployment.rows': stages.rows,
  };
  if (protocol === 'grpc')
    return { ...common, 'rpc.system': 'grpc', 'rpc.method': route.slice(1), 'rpc.status': status };
  return { ...common, 'http.request.method': method, 'http.route': route, 'http.response.status_code': status };
}
