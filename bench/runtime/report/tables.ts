import { pairedRatios, summarize, type Summary } from '../../statistics.ts';
import { isReached, type Goal } from '../goals.ts';
import type { CellResult, ModelResult, ServerRounds } from '../measure-model.ts';
import type { OverloadResult } from '../overload.ts';
import type { PeerResults, RuntimeResults } from '../results.ts';

const MEBIBYTE = 2 ** 20;

/** Markdown of a table. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Every goal beside what was reached. */
export function goalsTable(goals: readonly Goal[]): string {
  const verdict = { true: 'yes', false: '**no**', undefined: 'not measured' } as const;
  return table(
    ['measure', 'goal', 'median (from to)', 'reached'],
    goals.map((goal) => [
      goal.measure,
      `at ${goal.bound} ${goal.unit === 'times' ? `${goal.limit}x` : `${Math.round(goal.limit)} ${goal.unit}`}`,
      goal.reached ? showSummary(goal.reached, goal.unit) : '-',
      verdict[`${isReached(goal)}`],
    ]),
  );
}

function showSummary({ median, min, max }: Summary, unit: Goal['unit']): string {
  // More health probes failed than a percentile leaves out.
  if (!Number.isFinite(median)) return 'failed';
  const number = (value: number): string => {
    if (!Number.isFinite(value)) return 'failed';
    if (unit === 'ms') return value.toFixed(1);
    return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
  };
  const suffix = unit === 'times' ? 'x' : ` ${unit}`;
  const range = min === max ? '' : ` (${number(min)} to ${number(max)})`;
  return `${number(median)}${suffix}${range}`;
}

/** The servers of one cell: rates, times, processor time and memory, and our ratio to each. */
export function cellTable(cell: CellResult, titles: Readonly<Record<string, string>>): string {
  const first = cell.servers[0]!;
  const rows = cell.servers.map((server) => [
    titles[server.server] ?? server.server,
    ...serverColumns(server),
    server === first ? '' : showSummary(pairedRatios(ratesOf(first), ratesOf(server)), 'times'),
  ]);
  for (const { batchRows, rowsPerSecond } of cell.bareRuns) {
    const rate = summarize(rowsPerSecond).median;
    const ratio = pairedRatios(
      ratesOf(first).map((requests) => requests * cell.rowsPerRequest),
      rowsPerSecond,
    );
    const requests = `${thousands(rate / cell.rowsPerRequest)} (${thousands(rate)} rows/s)`;
    rows.push([`bare \`session.run\` of ${batchRows} rows`, requests, '', '', '', '', showSummary(ratio, 'times')]);
  }
  return table(['server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU s per 1,000', 'RSS MiB', 'ours to it'], rows);
}

function serverColumns({ rounds, residentBytes }: ServerRounds): string[] {
  const middle = (pick: (round: ServerRounds['rounds'][number]) => number): number =>
    summarize(rounds.map(pick)).median;
  return [
    thousands(middle(({ requestsPerSecond }) => requestsPerSecond)),
    middle(({ latencyMs }) => latencyMs.p50).toFixed(2),
    middle(({ latencyMs }) => latencyMs.p99).toFixed(2),
    middle(({ cpuSecondsPer1000 }) => cpuSecondsPer1000).toPrecision(2),
    (residentBytes / MEBIBYTE).toFixed(0),
  ];
}

function ratesOf({ rounds }: ServerRounds): number[] {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond);
}

/** `1 row, V1 JSON, 64 connections`. */
export function describeLoad({ format, rowsPerRequest, connections }: CellResult): string {
  const rows = rowsPerRequest === 1 ? '1 row' : `${rowsPerRequest} rows`;
  const clients = connections === 1 ? '1 connection' : `${connections} connections`;
  return `${rows}, ${format === 'v1' ? 'JSON' : 'V2 binary'}, ${clients}`;
}

/** Every cell of every model, each under a heading. */
export function modelSections(models: readonly ModelResult[], titles: Readonly<Record<string, string>>): string {
  return models
    .flatMap(({ title, cells }) => [
      `#### ${title[0]!.toUpperCase()}${title.slice(1)}`,
      ...cells.flatMap((cell) => [`**${describeLoad(cell)}**`, cellTable(cell, titles)]),
    ])
    .join('\n\n');
}

/** What was tried to find each peer's setting. */
export function searchTable({ searches, titles }: PeerResults): string {
  const show = (setting: Readonly<Record<string, string>>): string =>
    Object.entries(setting)
      .map(([name, value]) => `\`${name}=${value}\``)
      .join(' ') || 'defaults';
  return table(
    ['server', 'setting', 'requests/s', 'taken'],
    searches.flatMap(({ peer, tried, best }) =>
      tried.map(({ setting, requestsPerSecond, failure }) => [
        titles[peer] ?? peer,
        show(setting),
        failure === undefined ? thousands(requestsPerSecond) : 'does not work',
        show(setting) === show(best) ? 'yes' : '',
      ]),
    ),
  );
}

/** Each step of the overload. */
export function overloadTable({ capacityPerSecond, idleProbes, steps }: OverloadResult): string {
  const ms = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(1));
  const idle = [
    'none',
    '-',
    '-',
    '-',
    '-',
    `${idleProbes.failed} of ${idleProbes.sent}`,
    ms(idleProbes.latencyMs?.p50),
    ms(idleProbes.latencyMs?.p99),
  ];
  const rows = steps.map(({ times, probesPerSecond, load, probes }) => [
    `${times}x, ${probesPerSecond} probes/s`,
    (load.goodputPerSecond / capacityPerSecond).toFixed(2),
    Object.entries(load.statuses)
      .map(([status, count]) => `${status === '0' ? 'none' : status}: ${thousands(count)}`)
      .join(', '),
    ms(load.acceptedMs?.p99),
    ms(load.refusedMs?.p99),
    `${probes.failed} of ${probes.sent}`,
    ms(probes.latencyMs?.p50),
    ms(probes.latencyMs?.p99),
  ]);
  return table(
    [
      'load',
      'goodput to capacity',
      'answers',
      'accepted p99 ms',
      'refused p99 ms',
      'failed probes',
      'probe p50 ms',
      'probe p99 ms',
    ],
    [idle, ...rows],
  );
}

/** Of the machine and the day. */
export function describeMachineLine({ machine, date }: Pick<RuntimeResults, 'machine' | 'date'>): string {
  const { cpu, cores, memoryGiB, kernel, node, onnxruntime, load } = machine;
  return `${date.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, Node.js ${node}, onnxruntime ${onnxruntime}, load average before it ${load}`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
