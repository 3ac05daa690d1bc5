import { checkAnswers } from './check-answers.ts';
import { LoadClient } from './load/client.ts';
import type { OpenLoopResult } from './load/open-loop.ts';
import type { ProbesResult } from './load/probes.ts';
import type { BenchModel } from './models.ts';
import { makeRequests, type BenchRequest } from './requests.ts';
import type { ServerDefinition } from './servers/definition.ts';
import { RunningServer } from './servers/running-server.ts';

/** More requests than the server can answer, at a fixed rate, while its health is asked for on new connections. */
export interface OverloadResult {
  readonly server: string;
  readonly model: string;
  /** Requests a second in a closed loop, which is what the server can do. */
  readonly capacityPerSecond: number;
  /** Health without load, to compare with. */
  readonly idleProbes: ProbesResult;
  readonly steps: readonly OverloadStep[];
}

export interface OverloadStep {
  /** Rate of requests as a multiple of the capacity. */
  readonly times: number;
  readonly probesPerSecond: number;
  readonly load: OpenLoopResult;
  readonly probes: ProbesResult;
}

export interface OverloadOptions {
  readonly server: ServerDefinition;
  readonly client: LoadClient;
  readonly durationMs: number;
  readonly steps: readonly Pick<OverloadStep, 'times' | 'probesPerSecond'>[];
  readonly livePath: string;
  readonly onProgress: (line: string) => void;
}

/** Connections that reach the server's full batches, and more than its queue takes. */
const CAPACITY_CONNECTIONS = 128;
const OVERLOAD_CONNECTIONS = 2048;

/** @throws Error when an answer is wrong or the server ends */
export async function measureOverload(model: BenchModel, options: OverloadOptions): Promise<OverloadResult> {
  const { server: definition, client, durationMs, livePath } = options;
  const protocol = definition.protocol('v1', model);
  if (!protocol) throw new Error(`${definition.name} does not take V1 requests`);
  const server = await RunningServer.start(definition, model);
  const prober = await LoadClient.start();
  // They share a core, all of which an overload takes: the wait for it would count as the server's.
  client.giveWay();
  try {
    const requests = makeRequests(model, { ...protocol, rowsPerRequest: 1 });
    await checkAnswers(server.port, {
      format: protocol.format,
      model,
      requests: requests.slice(0, model.golden.rows.length),
    });
    const load = { port: server.port, messages: messagesOf(requests), serverPids: server.pids };
    const closed = { ...load, connections: CAPACITY_CONNECTIONS, warmUpMs: durationMs / 2, measureMs: durationMs };
    const probe = { port: server.port, path: livePath, durationMs };
    const idleProbes = await prober.probes({ ...probe, ratePerSecond: 40 });
    const capacityPerSecond = (await client.closedLoop(closed)).requestsPerSecond;
    options.onProgress(`${definition.name} with ${model.name}: capacity ${capacityPerSecond.toFixed(0)} req/s`);
    const steps: OverloadStep[] = [];
    for (const step of options.steps) {
      const ratePerSecond = step.times * capacityPerSecond;
      const [loaded, probes] = await Promise.all([
        client.openLoop({ ...load, ratePerSecond, durationMs, connections: OVERLOAD_CONNECTIONS }),
        prober.probes({ ...probe, ratePerSecond: step.probesPerSecond }),
      ]);
      server.requireAlive();
      steps.push({ ...step, load: loaded, probes });
      options.onProgress(describeStep(capacityPerSecond, { ...step, load: loaded, probes }));
    }
    return { server: definition.name, model: model.name, capacityPerSecond, idleProbes, steps };
  } finally {
    prober.close();
    await server.stop();
  }
}

function messagesOf(requests: readonly BenchRequest[]): Buffer[] {
  return requests.map(({ message }) => message);
}

function describeStep(capacityPerSecond: number, { times, probesPerSecond, load, probes }: OverloadStep): string {
  const goodput = (load.goodputPerSecond / capacityPerSecond).toFixed(2);
  return (
    `  ${times}x: goodput ${goodput} of capacity, ${JSON.stringify(load.statuses)}, accepted p50 ${ms(load.acceptedMs?.p50)} p99 ${ms(load.acceptedMs?.p99)}, ` +
    `refused p99 ${ms(load.refusedMs?.p99)}, client late p99 ${ms(load.lateMs?.p99)}; ` +
    `${probesPerSecond} probes/s: ${probes.failed} of ${probes.sent} failed, p50 ${ms(probes.latencyMs?.p50)} p99 ${ms(probes.latencyMs?.p99)} max ${ms(probes.latencyMs?.max)}`
  );
}

const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} ms`);
