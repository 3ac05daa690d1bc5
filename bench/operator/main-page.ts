/**
 * Writes the results of bench/results/operator-*.json into docs/performance-operator.md, between its two marks, and the plot beside it;
 * those of bench/results/chaos.json into docs/failures.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosResult } from './chaos/result.ts';
import { chaosSection } from './report/chaos-section.ts';
import { linePlot } from './report/line-plot.ts';
import { readPeer, readResults, RESULTS, type OperatorResult, type PeerResult } from './report/results.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const CHAOS = join(RESULTS, 'chaos.json');
const PLOT = 'performance-operator.svg';
const START = '<!-- Made by `make bench-operator-page`; edit what is around it. -->';
const END = '<!-- The end of what is made. -->';

/** A row: what is measured, this operator's value, KServe's. */
type Row = readonly [
  what: string,
  ours: (run: OperatorResult) => string,
  peer: (run: PeerResult) => string | undefined,
];

const ROWS: readonly Row[] = [
  ['last Ready after the first POST, s', (run) => n(run.creation.allReadySeconds), (run) => n(run.allReadySeconds)],
  [
    'the same by an operator that decides nothing (floor), s / ours is so many times that',
    ({ floor, models, creation }) => {
      if (!floor) return '-';
      const seconds = (floor.msPerModel * models) / 1_000;
      return `${n(seconds)} / ${n(creation.allReadySeconds / seconds)}`;
    },
    () => undefined,
  ],
  ['requests per model until Ready', (run) => n(run.creation.requestsPerModel), (run) => n(run.requestsPerModel)],
  ['CPU per created model, ms', (run) => n(run.creation.cpuMsPerModel), (run) => n(run.cpuMsPerModel)],
  ['the same of the floor, ms', ({ floor }) => known(floor?.cpuMsPerModel), () => undefined],
  [
    'label touched on every Deployment: requests per model / s until idle',
    (run) => `${n(total(run.storm.requests) / run.models)} / ${n(run.storm.seconds)}`,
    (run) => pair(run.stormRequestsPerModel, run.stormSeconds),
  ],
  ['of these, s after the last touch', (run) => n(run.storm.secondsAfterLast), () => undefined],
  [
    'restart: requests / writes / s until idle',
    (run) => `${run.restart.requestCount} / ${run.restart.writes} / ${n(run.restart.idleSeconds)}`,
    (run) => `${run.restartRequests} / 0 / ${n(run.restartSeconds)}`,
  ],
  [
    'edit to changed Deployment, ms, p50 / p99',
    (run) => `${n(run.edits.p50Ms)} / ${n(run.edits.p99Ms)}`,
    (run) => `${run.editP50Ms} / ${run.editP99Ms}`,
  ],
  [
    'the same of the floor, ms, p50 / p99',
    ({ floor }) => (floor ? `${n(floor.editP50Ms)} / ${n(floor.editP99Ms)}` : '-'),
    () => undefined,
  ],
  ['the same behind a storm, ms, p50', (run) => n(run.editsBehindStorm.p50Ms), (run) => n(run.editBehindStormP50Ms)],
  ['the same of the floor, ms, p50', ({ floor }) => known(floor?.editBehindStormP50Ms), () => undefined],
  [
    'another leads after SIGKILL / SIGTERM, s',
    ({ takeover }) => (takeover ? `${n(takeover.hardSeconds)} / ${n(takeover.gracefulSeconds)}` : '-'),
    () => undefined,
  ],
  ['RSS idle / after a restart, MB', (run) => `${run.idle.rssMB} / ${run.idleAfterRestart.rssMB}`, () => undefined],
  ['highest RSS, MB', (run) => n(run.idle.peakRssMB), (run) => n(run.peakRssMB)],
  [
    'CPU idle / in the 15 s after a restart, % of a core',
    (run) => `${n(run.idle.cpuPercent)} / ${n(run.idleAfterRestart.cpuPercent)}`,
    () => undefined,
  ],
];

const runs = readResults();
const peer = readPeer();
writeBetweenMarks('performance-operator.md', sections());
writeFileSync(join(DOCS, PLOT), plot());
if (existsSync(CHAOS)) {
  writeBetweenMarks('failures.md', chaosSection(JSON.parse(readFileSync(CHAOS, 'utf8')) as ChaosResult));
}

function writeBetweenMarks(name: string, content: readonly string[]): void {
  const file = join(DOCS, name);
  const page = readFileSync(file, 'utf8');
  const [before, after] = [page.indexOf(START), page.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`${file} must have the lines ${START} and ${END}`);
  writeFileSync(file, [page.slice(0, before) + START, ...content, page.slice(after)].join('\n\n'));
}

function sections(): string[] {
  const columns = [
    ...runs.map((run) => ({ title: `${count(run.models)} models`, cell: ([, ours]: Row) => ours(run) })),
    ...peer.runs.map((run) => ({
      title: `KServe, ${count(run.models)}`,
      cell: ([, , theirs]: Row) => theirs(run) ?? '-',
    })),
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [
    line(['', ...columns.map(({ title }) => title)]),
    line(['---', ...columns.map(() => '---:')]),
    ...ROWS.map((row) => line([row[0], ...columns.map(({ cell }) => cell(row))])),
  ].join('\n');
  return [...machineLines(), table, `KServe: ${peer.what}`, `![Seconds until all models are Ready](${PLOT})`];
}

function machineLines(): string[] {
  const [first] = runs;
  if (!first) return [];
  const { machine } = first;
  const loads = runs.map((run) => `${count(run.models)} models: ${run.loadBefore.toFixed(1)}`).join(', ');
  return [
    `Measured on ${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, ${machine.kernel}, Node ${machine.node}; the API server, etcd, the stand-ins and the operator share them. Load average of the machine before each run, from other work on it: ${loads}.`,
  ];
}

function plot(): string {
  return linePlot({
    title: 'Seconds from the first POST until the last model is Ready',
    xLabel: 'models',
    yLabel: 'seconds',
    lines: [
      { name: 'KServe v0.20', colour: '#c2552d', points: peer.runs.map((run) => [run.models, run.allReadySeconds]) },
      {
        name: 'this operator',
        colour: '#2d6ac2',
        points: runs.map((run) => [run.models, run.creation.allReadySeconds]),
      },
    ],
  });
}

function total(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, value) => sum + value, 0);
}

function pair(first: number | undefined, second: number | undefined): string | undefined {
  return first === undefined || second === undefined ? undefined : `${n(first)} / ${n(second)}`;
}

function known(value: number | undefined): string {
  return value === undefined ? '-' : n(value);
}

/** At most three significant digits. */
function n(value: number): string {
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
