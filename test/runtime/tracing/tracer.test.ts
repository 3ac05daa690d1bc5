import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { RequestStages, type RequestRecord } from '../../../runtime/request-record.ts';
import { createTracer, type TracerOptions } from '../../../runtime/tracing/tracer.ts';
import { aRequest } from '../../support/request-record.ts';
import { thrownBy } from '../../support/thrown.ts';

const OPTIONS: TracerOptions = {
  serviceName: 'iris',
  serviceVersion: '1.2.3',
  sampler: undefined,
  samplerArgument: undefined,
};
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`;
const NOT_SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`;

/** The spans of these requests, parents first. */
async function spansOf(
  records: readonly RequestRecord[],
  options: Partial<TracerOptions> = {},
): Promise<ReadableSpan[]> {
  const kept: ReadableSpan[] = [];
  const exporter: SpanExporter = {
    export(spans, done) {
      kept.push(...spans);
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: () => Promise.resolve(),
  };
  const tracer = createTracer({ ...OPTIONS, ...options, exporter });
  for (const record of records) tracer.observe(record);
  await tracer.close(5000);
  return kept.toSorted((a, b) => Number(b.kind === SpanKind.SERVER) - Number(a.kind === SpanKind.SERVER));
}

const ms = ([seconds, nanoseconds]: readonly [number, number]): number => seconds * 1000 + nanoseconds / 1e6;

describe('tracer', () => {
  it('makes a request a span, and each part of it a child, one after the other', async () => {
    const [span, ...children] = await spansOf([aRequest({ traceparent: SAMPLED, tracestate: 'vendor=x' })]);
    expect(span).to.include({ name: 'POST /v1/models/NAME:predict', kind: SpanKind.SERVER });
    expect(span?.spanContext().traceId).to.equal(TRACE_ID);
    expect(span?.parentSpanContext?.spanId).to.equal(PARENT_ID);
    expect(span?.spanContext().traceState?.serialize()).to.equal('vendor=x');
    expect(span?.attributes).to.deep.include({
      'http.request.method': 'POST',
      'http.route': '/v1/models/NAME:predict',
      'http.response.status_code': 200,
      'modeldeployment.rows': 3,
      'modeldeployment.request_id': 'a-request',
      'modeldeployment.model_generation': '1718000000000000',
    });
    expect(ms(span!.duration)).to.be.closeTo(12.5, 0.001);
    expect(ms(span!.startTime)).to.be.closeTo(performance.timeOrigin + 1000, 0.01);
    expect(children.map(({ name }) => name)).to.deep.equal(['read', 'decode', 'queue', 'run', 'encode']);
    for (const [index, child] of children.entries()) {
      expect(child.parentSpanContext?.spanId).to.equal(span?.spanContext().spanId);
      const before = index === 0 ? span!.startTime : children[index - 1]!.endTime;
      expect(ms(child.startTime)).to.be.closeTo(ms(before), 0.01);
    }
  });

  it('names the service after the model', async () => {
    const [span] = await spansOf([aRequest()]);
    expect(span?.resource.attributes).to.include({ 'service.name': 'iris', 'service.version': '1.2.3' });
  });

  it('makes a trace of its own for a client without one, and for what is none', async () => {
    for (const traceparent of [undefined, 'no trace', `00-${'0'.repeat(32)}-${PARENT_ID}-01`]) {
      const [span] = await spansOf([aRequest({ traceparent })]);
      expect(span?.parentSpanContext, traceparent).to.equal(undefined);
      expect(span?.spanContext().traceId).to.match(/^[0-9a-f]{32}$/);
    }
  });

  it('marks failures of ours, and leaves those of the client', async () => {
    const [failed] = await spansOf([aRequest({ status: 500, isFailure: true })]);
    expect(failed?.status.code).to.equal(SpanStatusCode.ERROR);
    const [refused] = await spansOf([aRequest({ status: 400 })]);
    expect(refused?.status.code).to.equal(SpanStatusCode.UNSET);
  });

  it('names gRPC calls as OpenTelemetry does', async () => {
    const route = '/inference.GRPCInferenceService/ModelInfer';
    const [span] = await spansOf([aRequest({ protocol: 'grpc', route, status: 'OK', stages: new RequestStages() })]);
    expect(span?.name).to.equal('inference.GRPCInferenceService/ModelInfer');
    expect(span?.attributes).to.include({ 'rpc.system': 'grpc', 'rpc.status': 'OK' });
  });

  for (const { sampler, samplerArgument, traceparent, spans } of [
    { sampler: undefined, samplerArgument: undefined, traceparent: undefined, spans: 6 },
    { sampler: undefined, samplerArgument: undefined, traceparent: NOT_SAMPLED, spans: 0 },
    { sampler: 'always_on', samplerArgument: undefined, traceparent: NOT_SAMPLED, spans: 6 },
    { sampler: 'always_off', samplerArgument: undefined, traceparent: SAMPLED, spans: 0 },
    { sampler: 'traceidratio', samplerArgument: '0', traceparent: undefined, spans: 0 },
    { sampler: 'traceidratio', samplerArgument: '1', traceparent: undefined, spans: 6 },
    { sampler: 'parentbased_always_off', samplerArgument: undefined, traceparent: SAMPLED, spans: 6 },
    { sampler: 'parentbased_always_off', samplerArgument: undefined, traceparent: undefined, spans: 0 },
    { sampler: 'parentbased_traceidratio', samplerArgument: '0', traceparent: undefined, spans: 0 },
  ]) {
    it(`exports ${spans} spans with ${sampler} ${samplerArgument} for ${traceparent ?? 'no trace'}`, async () => {
      expect(await spansOf([aRequest({ traceparent })], { sampler, samplerArgument })).to.have.length(spans);
    });
  }

  for (const [sampler, samplerArgument] of [
    ['jaeger_remote', undefined],
    ['toString', undefined],
    ['traceidratio', '2'],
    ['traceidratio', 'half'],
  ] as const) {
    it(`refuses sampler ${sampler} with ${samplerArgument}`, () => {
      const error = thrownBy(ModelFailure, () => createTracer({ ...OPTIONS, sampler, samplerArgument }));
      expect(error.reason).to.equal('InvalidSpec');
      expect(error.message).to.include('OTEL_TRACES_SAMPLER').and.include(sampler);
    });
  }
});
