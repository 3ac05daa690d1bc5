import { describeCell } from './describe-cell.ts';
import { checkAnswers } from './check-answers.ts';
import type { LoadClient } from './load/client.ts';
import type { ClosedLoopResult } from './load/closed-loop.ts';
import type { BenchModel } from './models.ts';
import { residentBytesOf } from './processes.ts';
import { makeRequests, type BenchRequest } from './requests.ts';
import { BareRunProcess } from './servers/bare-run.ts';
import type { ServerDefinition } from './servers/definition.ts';
import { RunningServer } from './servers/running-server.ts';

/** One kind of load on one model. */
export interface Cell {
  readonly format: 'v1' | 'v2-binary';
  readonly rowsPerRequest: number;
  readonly connections: number;
  /** Batches of bare `session.run` that are measured in the same rounds. */
  readonly bareRunRows?: readonly number[];
  /** Of the usual rounds, for a load that differs much from round to round; default 1. */
  readonly roundsFactor?: number;
}

/** How long and how often each server is measured in each cell. */
export interface Effort {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What was measured of one server in one cell, by round: the same place is the same round for all servers. */
export interface ServerRounds {
  readonly server: string;
  readonly rounds: readonly ClosedLoopResult[];
  /** After the last round. */
  readonly residentBytes: number;
}

/** Rows a second of bare `session.run`, by round. */
export interface BareRunRounds {
  readonly batchRows: number;
  readonly rowsPerSecond: readonly number[];
}

export interface CellResult extends Cell {
  readonly servers: readonly ServerRounds[];
  readonly bareRuns: readonly BareRunRounds[];
}

export interface ModelResult {
  readonly model: string;
  readonly title: string;
  readonly cells: readonly CellResult[];
}

export interface MeasureOptions {
  readonly servers: readonly ServerDefinition[];
  readonly cells: readonly Cell[];
  readonly effort: Effort;
  readonly client: LoadClient;
  readonly onProgress: (line: string) => void;
}

/**
 * Starts every server with a model, checks all their answers, and measures cell by cell, turn by turn: a round visits every server
 * once, and all but the visited one are stopped.
 * @throws Error when an answer is wrong, a request fails or a server ends
 */
export async function measureModel(model: BenchModel, options: MeasureOptions): Promise<ModelResult> {
  const running: Contender[] = [];
  let bareRun: BareRunProcess | undefined;
  try {
    for (const definition of options.servers) {
      const server = await RunningServer.start(definition, model);
      running.push({ server, requests: new Map() });
      server.pause();
    }
    if (options.cells.some(({ bareRunRows }) => bareRunRows)) bareRun = await BareRunProcess.start(model);
    const cells: CellResult[] = [];
    for (const cell of options.cells) cells.push(await measureCell(model, cell, { running, bareRun, options }));
    return { model: model.name, title: model.title, cells };
  } finally {
    bareRun?.close();
    for (const { server } of running) await server.stop();
  }
}

/** Load between the check and the first round. */
const SETTLE_MS = 2000;
const SETTLE_CONNECTIONS = 16;

interface Contender {
  readonly server: RunningServer;
  /** Checked requests, by format and rows. */
  readonly requests: Map<string, readonly BenchRequest[]>;
}

interface Contestant {
  readonly server: RunningServer;
  readonly requests: readonly BenchRequest[];
  readonly rounds: ClosedLoopResult[];
}

interface Contestants {
  readonly running: readonly Contender[];
  readonly bareRun: BareRunProcess | undefined;
  readonly options: MeasureOptions;
}

async function measureCell(
  model: BenchModel,
  cell: Cell,
  { running, bareRun, options }: Contestants,
): Promise<CellResult> {
  const contestants: Contestant[] = [];
  for (const contender of running) {
    const requests = await checkedRequests(contender, model, { cell, options });
    if (requests) contestants.push({ server: contender.server, requests, rounds: [] });
  }
  const bareRuns = (cell.bareRunRows ?? []).map((batchRows) => ({ batchRows, rowsPerSecond: [] as number[] }));
  const rounds = options.effort.rounds * (cell.roundsFactor ?? 1);
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants) contestant.rounds.push(await visit(contestant, cell, options));
    for (const { batchRows, rowsPerSecond } of bareRuns) {
      rowsPerSecond.push((await bareRun!.measure({ batchRows, ...options.effort })).rowsPerSecond);
    }
  }
  const servers = contestants.map(({ server, rounds }) => ({
    server: server.definition.name,
    rounds,
    residentBytes: residentBytesOf(server.pids),
  }));
  const result = { ...cell, servers, bareRuns };
  options.onProgress(describeCell(model.name, result));
  return result;
}

/** Checked and warm. @returns undefined for a server that has no such format @throws Error naming the first answer that is wrong */
async function checkedRequests(
  { server, requests: known }: Contender,
  model: BenchModel,
  { cell, options }: { cell: Cell; options: MeasureOptions },
): Promise<readonly BenchRequest[] | undefined> {
  const { format: name, rowsPerRequest } = cell;
  const protocol = server.definition.protocol(name, model);
  const key = `${name} ${rowsPerRequest}`;
  if (!protocol || known.has(key)) return known.get(key);
  const requests = makeRequests(model, { ...protocol, rowsPerRequest });
  server.resume();
  try {
    if (protocol.hasAnswers) await checkAnswers(server.port, { format: protocol.format, model, requests });
  } catch (cause) {
    throw new Error(`${server.definition.name} with ${model.name}: ${String(cause)}\n${server.log}`, { cause });
  } finally {
    server.pause();
  }
  known.set(key, requests);
  // Long enough for its hot code to be compiled.
  const settling = { ...options, effort: { ...options.effort, warmUpMs: 0, measureMs: SETTLE_MS } };
  await visit({ server, requests, rounds: [] }, { ...cell, connections: SETTLE_CONNECTIONS }, settling);
  return requests;
}

async function visit(
  { server, requests }: Contestant,
  { connections }: Cell,
  { client, effort }: MeasureOptions,
): Promise<ClosedLoopResult> {
  server.resume();
  try {
    return await client.closedLoop({
      port: server.port,
      messages: requests.map(({ message }) => message),
      connections,
      warmUpMs: effort.warmUpMs,
      measureMs: effort.measureMs,
      serverPids: server.pids,
    });
  } catch (cause) {
    throw new Error(`${server.definition.name}: ${String(cause)}\n${server.log}`, { cause });
  } finally {
    server.requireAlive();
    server.pause();
  }
}
