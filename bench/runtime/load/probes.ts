import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Arrivals } from './arrivals.ts';
import { LatencyRecorder, type Latency } from './latency.ts';

/** What the kubelet does to every container, only more often: GET on a new connection each, at a fixed rate, overlapping where answers are slow. */
export interface Probes {
  readonly port: number;
  readonly path: string;
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

export interface ProbesResult {
  readonly sent: number;
  /** Not answered 200 within the kubelet's second. */
  readonly failed: number;
  /** From when a probe was due to its answer, connecting included. */
  readonly latencyMs: Latency | undefined;
}

/** `timeoutSeconds` of a probe, where nobody sets it. */
const TIMEOUT_MS = 1000;

/** Never throws for what the server does: it is counted. */
export async function runProbes({ port, path, ratePerSecond, durationMs }: Probes): Promise<ProbesResult> {
  const arrivals = new Arrivals({ startMs: performance.now(), ratePerSecond, durationMs });
  const latency = new LatencyRecorder();
  const pending: Promise<boolean>[] = [];
  while (!arrivals.isOver) {
    for (const dueMs of arrivals.take(performance.now())) {
      const probe = isAnswered(port, path).then((isOk) => {
        if (isOk) latency.record(performance.now() - dueMs);
        return isOk;
      });
      pending.push(probe);
    }
    await delay(Math.max(0, (arrivals.nextMs() ?? 0) - performance.now()));
  }
  const answers = await Promise.all(pending);
  return {
    sent: answers.length,
    failed: answers.filter((isOk) => !isOk).length,
    latencyMs: latency.result(),
  };
}

function isAnswered(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(
      { port, path, host: '127.0.0.1', agent: false, headers: { connection: 'close' } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
      },
    );
    probe.once('error', () => resolve(false));
    probe.setTimeout(TIMEOUT_MS, () => probe.destroy(new Error('probe timed out')));
    probe.end();
  });
}
