import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { cpuMsOf } from '../processes.ts';
import { Arrivals } from './arrivals.ts';
import { Connection } from './connection.ts';
import { LatencyRecorder, type Latency } from './latency.ts';

/** Requests at a fixed rate, whether or not earlier ones are answered. */
export interface OpenLoop {
  readonly port: number;
  /** Whole HTTP messages, sent in turn. */
  readonly messages: readonly Buffer[];
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** At most so many requests are under way; further ones wait in the client, and their wait counts. */
  readonly connections: number;
  readonly serverPids: readonly number[];
}

export interface OpenLoopResult {
  readonly sent: number;
  /** Answers by status; 0: the connection broke, or no answer came until some seconds after the end. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers with 200 by the second, until the last request was due. */
  readonly goodputPerSecond: number;
  /** From when a request was due to the end of its answer: of those answered 200, and of those refused with 429. */
  readonly acceptedMs: Latency | undefined;
  readonly refusedMs: Latency | undefined;
  /** How late the client itself was. */
  readonly lateMs: Latency | undefined;
  readonly serverCpuShare: number;
}

/** How long the last answers are waited for. */
const DRAIN_MS = 10_000;

/** Never throws for what the server does: it is counted. */
export async function runOpenLoop(load: OpenLoop): Promise<OpenLoopResult> {
  const run = new OpenLoopRun(load);
  await run.connect();
  return run.measure();
}

class OpenLoopRun {
  readonly #load: OpenLoop;
  readonly #free: Connection[] = [];
  readonly #all = new Set<Connection>();
  /** Due times of requests without a free connection, oldest first. */
  readonly #waiting: number[] = [];
  readonly #statuses: Record<string, number> = {};
  readonly #accepted = new LatencyRecorder();
  readonly #refused = new LatencyRecorder();
  readonly #late = new LatencyRecorder();
  #next = 0;
  #underWay = 0;
  #accepting = 0;

  constructor(load: OpenLoop) {
    this.#load = load;
  }

  async connect(): Promise<void> {
    for (let count = 0; count < this.#load.connections; count += 1) {
      const connection = this.#open();
      await connection.opened();
    }
  }

  async measure(): Promise<OpenLoopResult> {
    const { ratePerSecond, durationMs, serverPids } = this.#load;
    const startMs = performance.now();
    const beforeMs = cpuMsOf(serverPids);
    const arrivals = new Arrivals({ startMs, ratePerSecond, durationMs });
    while (!arrivals.isOver) {
      const nowMs = performance.now();
      for (const dueMs of arrivals.take(nowMs)) this.#offer(dueMs, nowMs);
      // Timers know no less than a millisecond: what is due before turns the event loop until then.
      await ((arrivals.nextMs() ?? 0) - performance.now() > 1.5 ? delay(1) : nextTurn());
    }
    const elapsedMs = performance.now() - startMs;
    const serverMs = cpuMsOf(serverPids) - beforeMs;
    const goodputPerSecond = (this.#accepting * 1000) / elapsedMs;
    for (let waitedMs = 0; this.#underWay + this.#waiting.length > 0 && waitedMs < DRAIN_MS; waitedMs += 10)
      await delay(10);
    const unanswered = this.#underWay + this.#waiting.length;
    if (unanswered > 0) this.#statuses['0'] = (this.#statuses['0'] ?? 0) + unanswered;
    for (const connection of this.#all) connection.close();
    return {
      sent: arrivals.count,
      statuses: this.#statuses,
      goodputPerSecond,
      acceptedMs: this.#accepted.result(),
      refusedMs: this.#refused.result(),
      lateMs: this.#late.result(),
      serverCpuShare: serverMs / elapsedMs,
    };
  }

  #offer(dueMs: number, nowMs: number): void {
    this.#late.record(nowMs - dueMs);
    const connection = this.#free.pop();
    if (connection) this.#send(connection, dueMs);
    else this.#waiting.push(dueMs);
  }

  #send(connection: Connection, dueMs: number): void {
    const { messages } = this.#load;
    this.#underWay += 1;
    connection.send(messages[this.#next++ % messages.length]!, (status) => {
      this.#underWay -= 1;
      this.#count(status, performance.now() - dueMs);
      this.#reuse(connection);
    });
  }

  #reuse(connection: Connection): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#free.push(connection);
    else this.#send(connection, waiting);
  }

  #count(status: number, latencyMs: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === 200) {
      this.#accepting += 1;
      this.#accepted.record(latencyMs);
    } else if (status === 429) this.#refused.record(latencyMs);
  }

  #open(): Connection {
    const connection: Connection = new Connection(this.#load.port, () => this.#replace(connection));
    this.#all.add(connection);
    this.#free.push(connection);
    return connection;
  }

  /** A server may end connections; a client opens another. */
  #replace(broken: Connection): void {
    if (!this.#all.delete(broken)) return;
    if (broken.isBusy) {
      this.#underWay -= 1;
      this.#count(0, 0);
    }
    broken.close();
    const at = this.#free.indexOf(broken);
    if (at !== -1) this.#free.splice(at, 1);
    this.#open();
  }
}
