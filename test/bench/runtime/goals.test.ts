import { expect } from 'chai';
import { isReached, judgeGoals, type Goal } from '../../../bench/runtime/goals.ts';
import type { ClosedLoopResult } from '../../../bench/runtime/load/closed-loop.ts';
import type { ServerRounds } from '../../../bench/runtime/measure-model.ts';
import type { PeerResults } from '../../../bench/runtime/results.ts';

const MACHINE = { cpu: 'any', cores: 2, memoryGiB: 1, kernel: 'any', node: 'any', onnxruntime: 'any', load: 0 };
const MEASURED = { date: '2026-01-01T00:00:00.000Z', machine: MACHINE };
const EFFORT = { rounds: 2, warmUpMs: 1, measureMs: 1 };

const round = (requestsPerSecond: number): ClosedLoopResult => ({
  requestsPerSecond,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1 },
  cpuSecondsPer1000: 1,
  serverCpuShare: 1,
  clientCpuShare: 1,
});
const server = (name: string, rates: readonly number[]): ServerRounds => ({
  server: name,
  rounds: rates.map(round),
  residentBytes: 1,
});

const PEERS: PeerResults = {
  ...MEASURED,
  pinned: true,
  effort: EFFORT,
  missing: [],
  searches: [],
  titles: {},
  models: [
    {
      model: 'random-forest',
      title: 'any',
      cells: [
        {
          format: 'v1',
          rowsPerRequest: 1,
          connections: 64,
          servers: [server('ours', [300, 30]), server('starlette', [100, 20])],
          bareRuns: [],
        },
      ],
    },
  ],
};

const find = (goals: readonly Goal[], measure: string): Goal =>
  goals.find((goal) => goal.measure === measure) ?? expect.fail(`no goal ${measure}`);

describe('the goals of the benchmarks', () => {
  it('compare the same rounds', () => {
    const goal = find(
      judgeGoals({ runtime: undefined, peers: PEERS, memory: undefined }),
      '1 row, 64 connections, to the fair Starlette',
    );
    expect(goal.reached).to.deep.equal({ median: 2.25, min: 1.5, max: 3 });
    expect(isReached(goal)).to.equal(true);
  });

  it('are not measured where results are missing, which is not the same as not reached', () => {
    const goals = judgeGoals({ runtime: undefined, peers: undefined, memory: undefined });
    expect(goals).to.have.length.above(20);
    expect(new Set(goals.map(isReached))).to.deep.equal(new Set([undefined]));
    const { measure } = find(goals, '1 row, 64 connections, to MLServer');
    expect(isReached(find(judgeGoals({ runtime: undefined, peers: PEERS, memory: undefined }), measure))).to.equal(
      undefined,
    );
  });

  it('take health probes that failed for out of bounds', () => {
    const latency = { p50: 1, p90: 1, p99: 2, max: 3 };
    const load = { sent: 1, statuses: {}, goodputPerSecond: 96, acceptedMs: undefined, refusedMs: undefined, lateMs: undefined, serverCpuShare: 1 }; // prettier-ignore
    const step = (failed: number) => ({
      times: 10,
      probesPerSecond: 40,
      load,
      probes: { sent: 100, failed, latencyMs: latency },
    });
    const judge = (failed: number): Goal => {
      const overloads = [{ server: 'ours', model: 'mlp', capacityPerSecond: 100, idleProbes: step(0).probes, steps: [step(failed)] }]; // prettier-ignore
      const runtime = { ...MEASURED, pinned: true, effort: EFFORT, models: [], startUps: [], overloads };
      return find(
        judgeGoals({ runtime, peers: undefined, memory: undefined }),
        '10x overload of the network: the same, 40 new connections a second',
      );
    };
    expect(isReached(judge(0))).to.equal(true);
    expect(isReached(judge(1))).to.equal(true);
    expect(isReached(judge(2))).to.equal(false);
  });

  it('are reached at the limit itself', () => {
    const summary = { median: 2, min: 1, max: 3 };
    const goal = { measure: 'any', unit: 'times', limit: 2, reached: summary } as const;
    expect(isReached({ ...goal, bound: 'least' })).to.equal(true);
    expect(isReached({ ...goal, bound: 'most' })).to.equal(true);
    expect(isReached({ ...goal, bound: 'least', limit: 2.1 })).to.equal(false);
    expect(isReached({ ...goal, bound: 'most', limit: 1.9 })).to.equal(false);
  });
});
