import { cpuMsOf } from '../processes.ts';
import { Connection } from './connection.ts';
import { LatencyRecorder, type Latency } from './latency.ts';

/** Each connection sends its next request when the last was answered. */
export interface ClosedLoop {
  readonly port: number;
  /** Whole HTTP messages, sent in turn. */
  readonly messages: readonly Buffer[];
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Whose processor time is read. */
  readonly serverPids: readonly number[];
}

export interface ClosedLoopResult {
  readonly requestsPerSecond: number;
  readonly latencyMs: Latency;
  /** Of the server, seconds for 1,000 requests. */
  readonly cpuSecondsPer1000: number;
  /** Share of a core that the server, and that this client used. */
  readonly serverCpuShare: number;
  readonly clientCpuShare: number;
}

/** @throws Error when an answer is not 200 or a connection breaks */
export async function runClosedLoop(load: ClosedLoop): Promise<ClosedLoopResult> {
  const { messages, serverPids } = load;
  let failure: Error | undefined;
  const onBroken = (error: Error): void => void (failure ??= error);
  const connections = Array.from({ length: load.connections }, () => new Connection(load.port, onBroken));
  await Promise.all(connections.map((connection) => connection.opened()));

  let next = 0;
  let answered = 0;
  let sending = true;
  let latency = new LatencyRecorder();
  const sendNext = (connection: Connection): void => {
    const sentMs = performance.now();
    connection.send(messages[next++ % messages.length]!, (status) => {
      latency.record(performance.now() - sentMs);
      answered += 1;
      if (status !== 200) failure ??= new Error(`answered ${status}`);
      if (sending && !failure) sendNext(connection);
    });
  };
  for (const connection of connections) sendNext(connection);
  await delay(load.warmUpMs, () => failure !== undefined);

  const before = { answered, atMs: performance.now(), serverMs: cpuMsOf(serverPids), client: process.cpuUsage() };
  latency = new LatencyRecorder();
  await delay(load.measureMs, () => failure !== undefined);
  const elapsedMs = performance.now() - before.atMs;
  const requests = answered - before.answered;
  const serverMs = cpuMsOf(serverPids) - before.serverMs;
  const client = process.cpuUsage(before.client);
  const latencyMs = latency.result();

  sending = false;
  await delay(DRAIN_MS, () => failure !== undefined || connections.every(({ isBusy }) => !isBusy));
  for (const connection of connections) connection.close();
  if (failure) throw failure;
  if (!latencyMs) throw new Error(`no answer in ${load.measureMs} ms`);
  return {
    requestsPerSecond: (requests / elapsedMs) * 1000,
    latencyMs,
    cpuSecondsPer1000: serverMs / requests,
    serverCpuShare: serverMs / elapsedMs,
    clientCpuShare: (client.user + client.system) / 1000 / elapsedMs,
  };
}

/** Longest wait for the last answers. */
const DRAIN_MS = 10_000;
const POLL_MS = 5;

/** @param isOver looked at every few milliseconds, to end early */
async function delay(durationMs: number, isOver: () => boolean): Promise<void> {
  const endMs = performance.now() + durationMs;
  while (!isOver() && performance.now() < endMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, Math.min(POLL_MS, endMs - performance.now())));
    });
  }
}
