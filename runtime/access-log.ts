import { PROBES } from './contract.ts';
import type { Logger } from './log.ts';
import { type RequestObserver, type RequestRecord, STAGES } from './request-record.ts';

/** Asked by the kubelet every few seconds: a log of them hides the rest. */
const PROBE_ROUTES: ReadonlySet<string> = new Set([PROBES.live, PROBES.ready, '/v2/health/live', '/v2/health/ready']);

/**
 * One log line for a request: for a random part of those that were answered, and for every one that failed on our side. Neither bodies nor
 * paths that clients made up, nor header values but the request's id and the trace's.
 * @param sampleRate 0 (no log at all) to 1
 * @param random default `Math.random`
 * @returns undefined when nothing is to be logged
 */
export function accessLog(log: Logger, sampleRate: number, random = Math.random): RequestObserver | undefined {
  if (sampleRate === 0) return undefined;
  return (record) => {
    if (PROBE_ROUTES.has(record.route)) return;
    if (record.isFailure || random() < sampleRate) log.info(fieldsOf(record), 'request');
  };
}

function fieldsOf({ stages, ...record }: RequestRecord): object {
  const times = STAGES.map(([name, key]) => [`${name}Ms`, stages[key]] as const);
  return {
    protocol: record.protocol,
    method: record.method,
    route: record.route,
    status: record.status,
    durationMs: rounded(record.durationMs),
    ...Object.fromEntries(times.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, rounded(ms)]]))),
    rows: stages.rows,
    requestId: record.requestId,
    traceId: traceIdOf(record.traceparent),
    generation: record.generation,
  };
}

/** Microseconds are as fine as anybody looks. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The second field of `traceparent` (W3C Trace Context, 3.2.2.3). */
function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1];
}
