import { pairedRatios, summarize, type Summary } from '../statistics.ts';
import type { ClosedLoopResult } from './load/closed-loop.ts';
import type { OverloadStep } from './overload.ts';
import {
  findCell,
  findServer,
  type MemoryResults,
  ONE_BY_ONE,
  type PeerResults,
  type RuntimeResults,
} from './results.ts';

/** Whatever was measured so far. */
export interface AllResults {
  readonly runtime: RuntimeResults | undefined;
  readonly peers: PeerResults | undefined;
  readonly memory: MemoryResults | undefined;
}

/** What a measure should reach, and what it reached. */
export interface Goal {
  readonly measure: string;
  readonly unit: 'times' | 'ms' | 'MiB';
  /** `least`: more is better. */
  readonly bound: 'least' | 'most';
  readonly limit: number;
  /** Undefined: not measured. */
  readonly reached: Summary | undefined;
}

/** As the operator's default: rows that may wait. */
const QUEUED_ROWS = 1024;
const MEBIBYTE = 2 ** 20;

/** Every goal, in the order of the page. */
export function judgeGoals(results: AllResults): Goal[] {
  return [
    ...peerGoals(results.peers),
    ...limitGoals(results.runtime),
    ...overloadGoals(results.runtime, 'ours', '10x overload of the network'),
    ...overloadGoals(results.runtime, `ours${ONE_BY_ONE}`, '10x overload, one row a run'),
    ...footprintGoals(results),
  ];
}

const PEER_GOALS: readonly (readonly [measure: string, cell: string, peer: string, limit: number])[] = [
  ['1 row, 64 connections, to FastAPI + pickle', 'random-forest v1 1 c64', 'fastapi-pickle', 150],
  ['1 row, 64 connections, to FastAPI + onnxruntime', 'random-forest v1 1 c64', 'fastapi-onnx', 4.5],
  ["1 row, 64 connections, to KServe's SDK", 'random-forest v1 1 c64', 'kserve', 7],
  ['1 row, 64 connections, to MLServer', 'random-forest v1 1 c64', 'mlserver', 10],
  ['1 row, 64 connections, to LitServe', 'random-forest v1 1 c64', 'litserve', 18],
  ['1 row, 64 connections, to BentoML', 'random-forest v1 1 c64', 'bentoml', 20],
  ['1 row, 64 connections, to the fair Starlette', 'random-forest v1 1 c64', 'starlette', 2],
  ['1 row, 16 connections, to the fair Starlette', 'random-forest v1 1 c16', 'starlette', 2.4],
  ['1 row, 1 connection, to the fair Starlette', 'random-forest v1 1 c1', 'starlette', 1.1],
  ['32 rows of V1 JSON, 16 connections, to the fair Starlette', 'random-forest v1 32 c16', 'starlette', 1.5],
  ['32 rows of V2 binary, 16 connections, to the fair Starlette', 'random-forest v2-binary 32 c16', 'starlette', 1.8],
  ['DataFrame pipeline, 64 connections, to the fair Starlette', 'columns v1 1 c64', 'starlette', 2],
];

function peerGoals(peers: PeerResults | undefined): Goal[] {
  const ratio = (cellName: string, peer: string, pick: (round: ClosedLoopResult) => number): Summary | undefined => {
    const cell = findCell(peers?.models ?? [], cellName);
    const [ours, other] = [findServer(cell, 'ours'), findServer(cell, peer)];
    return ours && other && pairedRatios(ours.rounds.map(pick), other.rounds.map(pick));
  };
  const rate = ({ requestsPerSecond }: ClosedLoopResult): number => requestsPerSecond;
  const goals = PEER_GOALS.map(([measure, cell, peer, limit]): Goal => {
    return { measure, unit: 'times', bound: 'least', limit, reached: ratio(cell, peer, rate) };
  });
  const p50 = ratio('random-forest v1 1 c1', 'starlette', ({ latencyMs }) => latencyMs.p50);
  const measure = '1 row, 1 connection: p50 to that of the fair Starlette';
  return [...goals, { measure, unit: 'times', bound: 'most', limit: 1, reached: p50 }];
}

function limitGoals(runtime: RuntimeResults | undefined): Goal[] {
  const models = runtime?.models ?? [];
  const toEcho = (cellName: string): Summary | undefined => {
    const cell = findCell(models, cellName);
    const [ours, echo] = [findServer(cell, 'ours'), findServer(cell, 'echo')];
    return ours && echo && pairedRatios(ratesOf(ours.rounds), ratesOf(echo.rounds));
  };
  const toBareRun = (batchRows: number): Summary | undefined => {
    const cell = findCell(models, 'random-forest v2-binary 32 c16');
    const ours = findServer(cell, 'ours');
    const bare = cell?.bareRuns.find((run) => run.batchRows === batchRows);
    const rows = ratesOf(ours?.rounds ?? []).map((rate) => rate * (cell?.rowsPerRequest ?? 0));
    return ours && bare && pairedRatios(rows, bare.rowsPerSecond);
  };
  const times = { unit: 'times', bound: 'least' } as const;
  return [
    {
      ...times,
      measure: '1 row, 16 connections, to a JSON echo of node:http',
      limit: 0.75,
      reached: toEcho('random-forest v1 1 c16'),
    },
    {
      ...times,
      measure: '1 row, 64 connections, to a JSON echo of node:http',
      limit: 0.7,
      reached: toEcho('random-forest v1 1 c64'),
    },
    {
      ...times,
      measure: 'rows of 32-row V2 binary, 16 connections, to bare `session.run` of 64 rows',
      limit: 0.85,
      reached: toBareRun(64),
    },
    { ...times, measure: 'the same to bare `session.run` of 512 rows', limit: 0.85, reached: toBareRun(512) },
  ];
}

function ratesOf(rounds: readonly ClosedLoopResult[]): number[] {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond);
}

/** The goals were set for one row a run. A runtime that computes many rows together has ten times the capacity, and at ten times that, ten times as much to refuse. */
function overloadGoals(runtime: RuntimeResults | undefined, server: string, load: string): Goal[] {
  const overload = runtime?.overloads.find((measured) => measured.server === server);
  const tenfold = overload?.steps.filter(({ times }) => times === 10) ?? [];
  const probes = (perSecond: number): Summary | undefined =>
    summaryOf(tenfold.filter(({ probesPerSecond }) => probesPerSecond === perSecond).map(probeP99));
  const capacity = overload?.capacityPerSecond ?? NaN;
  const goodput = tenfold.map(({ load }) => load.goodputPerSecond / capacity);
  const waits = tenfold.map(
    ({ load }) => (load.acceptedMs?.p99 ?? Infinity) / ((QUEUED_ROWS / load.goodputPerSecond) * 1000),
  );
  return [
    {
      measure: `${load}: p99 of \`/livez\`, 10 new connections a second`,
      unit: 'ms',
      bound: 'most',
      limit: 10,
      reached: probes(10),
    },
    {
      measure: `${load}: the same, 40 new connections a second`,
      unit: 'ms',
      bound: 'most',
      limit: 10,
      reached: probes(40),
    },
    {
      measure: `${load}: goodput to capacity`,
      unit: 'times',
      bound: 'least',
      limit: 0.95,
      reached: summaryOf(goodput),
    },
    {
      measure: `${load}: p99 of accepted requests to queue / throughput`,
      unit: 'times',
      bound: 'most',
      limit: 1.1,
      reached: summaryOf(waits),
    },
  ];
}

/** A probe that failed took longer than any number here can say. */
function probeP99({ probes }: OverloadStep): number {
  return probes.failed > probes.sent / 100 ? Infinity : (probes.latencyMs?.p99 ?? Infinity);
}

function footprintGoals({ runtime, memory }: AllResults): Goal[] {
  const startUp = runtime?.startUps.find(({ server }) => server === 'ours');
  const beyondModel = memory && [memory.residentMiB - memory.modelMiB];
  return [
    {
      measure: 'exec to the first 200 of `/readyz`, 5 MB model',
      unit: 'ms',
      bound: 'most',
      limit: 300,
      reached: summaryOf(startUp?.readyMs ?? []),
    },
    {
      measure: 'resident memory beyond the model after ten minutes of full load',
      unit: 'MiB',
      bound: 'most',
      limit: (120 * 1e6) / MEBIBYTE,
      reached: summaryOf(beyondModel ?? []),
    },
  ];
}

function summaryOf(values: readonly number[]): Summary | undefined {
  return values.length > 0 ? summarize(values) : undefined;
}

/** Whether the median is within the bound; undefined: not measured. */
export function isReached({ bound, limit, reached }: Goal): boolean | undefined {
  if (!reached) return undefined;
  return bound === 'least' ? reached.median >= limit : reached.median <= limit;
}
