import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

const FAILURE_PAUSE_MS = 100;

/** What to send, how long, and by how many at once. */
export interface Load {
  readonly url: URL;
  readonly body: string;
  readonly contentType: string;
  /** Connections, each of which sends its next request when the last one is answered. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** Sent before anything is measured, on every connection. */
  readonly warmUpRequests: number;
}

/** What came back. */
export interface Measured {
  /** Milliseconds of each request that was answered with 200, in rising order. */
  readonly latenciesMs: readonly number[];
  /** Answers other than 200, by status, and requests without an answer, by error code. */
  readonly failures: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** Sends the same request over and over on some connections until the time is over. */
export async function runClosedLoop({
  url,
  body,
  contentType,
  concurrency,
  durationMs,
  warmUpRequests,
}: Load): Promise<Measured> {
  const isTls = url.protocol === 'https:';
  const agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: concurrency });
  const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  const send = (): Promise<string> =>
    new Promise((resolve) => {
      const call = (isTls ? tlsRequest : request)(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.once('end', () => resolve(String(response.statusCode)));
        response.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
      call.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      call.end(body);
    });
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let count = 0; count < warmUpRequests; count += 1) await send();
    }),
  );
  const latenciesMs: number[] = [];
  const failures = new Map<string, number>();
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      const sentAt = performance.now();
      const outcome = await send();
      if (outcome === '200') latenciesMs.push(performance.now() - sentAt);
      else {
        failures.set(outcome, (failures.get(outcome) ?? 0) + 1);
        // What refuses at once must not be hammered.
        await delay(FAILURE_PAUSE_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  const elapsedMs = performance.now() - startedAt;
  agent.destroy();
  return { latenciesMs: latenciesMs.sort((a, b) => a - b), failures, elapsedMs };
}

/** The smallest value that `percent` of all values do not exceed (nearest rank). @param sorted in rising order, not empty */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
