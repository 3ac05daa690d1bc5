import { pairedRatios, summarize, type Summary } from '../statistics.ts';
import type { CellResult, ServerRounds } from './measure-model.ts';

/** A cell as lines for a terminal: each server's rate and times, and how the first server compares with it in the same rounds. */
export function describeCell(model: string, { servers, bareRuns, ...cell }: CellResult): string {
  const first = servers[0];
  const lines = servers.map((server) => `  ${describeServer(server)}${server === first ? '' : ratio(first, server)}`);
  for (const { batchRows, rowsPerSecond } of bareRuns) {
    const share = pairedRatios(rowRates(first, cell.rowsPerRequest), rowsPerSecond);
    lines.push(
      `  session.run of ${batchRows}: ${Math.round(summarize(rowsPerSecond).median)} rows/s; ${show(share)} of it`,
    );
  }
  const head = `${model}, ${cell.format}, ${cell.rowsPerRequest} rows, ${cell.connections} connections`;
  return [head, ...lines].join('\n');
}

function describeServer({ server, rounds }: ServerRounds): string {
  const rate = summarize(rounds.map(({ requestsPerSecond }) => requestsPerSecond));
  const middle = (pick: (round: ServerRounds['rounds'][number]) => number): number =>
    summarize(rounds.map(pick)).median;
  const [p50, p99] = [middle(({ latencyMs }) => latencyMs.p50), middle(({ latencyMs }) => latencyMs.p99)];
  const [serverShare, clientShare] = [
    middle(({ serverCpuShare }) => serverCpuShare),
    middle(({ clientCpuShare }) => clientCpuShare),
  ];
  return (
    `${server.padEnd(12)} ${Math.round(rate.median)} req/s (${Math.round(rate.min)} to ${Math.round(rate.max)}), ` +
    `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ` +
    `${(middle(({ cpuSecondsPer1000 }) => cpuSecondsPer1000) * 1000).toFixed(1)} us CPU a request, CPU server ${percent(serverShare)} client ${percent(clientShare)}`
  );
}

function ratio(first: ServerRounds | undefined, server: ServerRounds): string {
  return `; ${first?.server} is ${show(pairedRatios(rowRates(first, 1), rowRates(server, 1)))} of it`;
}

function rowRates(server: ServerRounds | undefined, rowsPerRequest: number): number[] {
  return (server?.rounds ?? []).map(({ requestsPerSecond }) => requestsPerSecond * rowsPerRequest);
}

const show = ({ median, min, max }: Summary): string => `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;

const percent = (share: number): string => `${Math.round(share * 100)} %`;
