import { RequestStages, type RequestRecord } from '../../runtime/request-record.ts';

/** A prediction that was answered with 200 after 12.5 ms. */
export function aRequest(changes: Partial<RequestRecord> = {}): RequestRecord {
  const stages = Object.assign(new RequestStages(), {
    readMs: 1,
    decodeMs: 0.5,
    queueMs: 2,
    runMs: 8,
    encodeMs: 0.25,
    rows: 3,
  });
  return {
    protocol: 'http',
    method: 'POST',
    route: '/v1/models/NAME:predict',
    status: 200,
    isFailure: false,
    startedMs: 1000,
    durationMs: 12.5,
    requestId: 'a-request',
    generation: '1718000000000000',
    traceparent: undefined,
    tracestate: undefined,
    stages,
    ...changes,
  };
}
