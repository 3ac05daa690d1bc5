/** Writes the results of bench/results into docs/performance.md, between its two marks, and the plots beside it. What people wrote around the marks stays. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { summarize } from '../statistics.ts';
import { judgeGoals, type AllResults } from './goals.ts';
import { barChart } from './report/bar-chart.ts';
import {
  describeLoad,
  describeMachineLine,
  goalsTable,
  modelSections,
  overloadTable,
  searchTable,
} from './report/tables.ts';
import { findCell, type PeerResults, type RuntimeResults, type MemoryResults } from './results.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'performance.md');
const PLOTS = ['random-forest v1 1 c64', 'random-forest v1 32 c16'] as const;
/** What fits before a bar. */
const SHORT: Readonly<Record<string, string>> = {
  ours: 'this runtime',
  'fastapi-pickle': 'FastAPI + scikit-learn pickle',
  'fastapi-onnx': 'FastAPI + onnxruntime',
  starlette: 'Starlette + orjson, coalescing',
  'starlette-bare': 'the same, bare lists',
  kserve: "KServe's Python SDK",
  mlserver: 'MLServer',
  litserve: 'LitServe',
  bentoml: 'BentoML',
  echo: 'JSON echo of bare node:http',
};
const START = '<!-- Made by `make bench-page`; edit what is around it. -->';
const END = '<!-- The end of what is made. -->';

const [runtime, peers, memory] = await Promise.all([
  readResults<RuntimeResults>('runtime'),
  readResults<PeerResults>('peers'),
  readResults<MemoryResults>('memory'),
]);
const page = await readFile(PAGE, 'utf8');
const [before, after] = [page.indexOf(START), page.indexOf(END)];
if (before === -1 || after < before) throw new Error(`${PAGE} must have the lines ${START} and ${END}`);
const made = await makeSections({ runtime, peers, memory });
await writeFile(PAGE, [page.slice(0, before) + START, ...made, page.slice(after)].join('\n\n'));

async function readResults<T>(name: string): Promise<T | undefined> {
  const text = await readFile(join(ROOT, 'bench', 'results', `${name}.json`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

async function makeSections(results: AllResults): Promise<string[]> {
  const { runtime, peers } = results;
  const sections: string[] = [];
  if (runtime) sections.push(`Measured ${describeMachineLine(runtime)}.`);
  sections.push('### Goals', goalsTable(judgeGoals(results)));
  if (peers) sections.push(...(await peerSections(peers)));
  if (runtime) {
    const titles = { ours: 'this runtime', echo: 'echo of bare node:http' };
    sections.push('### Beside the limits', modelSections(runtime.models, titles));
    for (const overload of runtime.overloads) {
      sections.push(
        '### Overload',
        `Network of 143 MB, ${overload.server === 'ours' ? 'as the operator starts it' : overload.server}; capacity in a closed loop: ${Math.round(overload.capacityPerSecond)} requests/s.`,
        overloadTable(overload),
      );
    }
  }
  return sections;
}

async function peerSections(peers: PeerResults): Promise<string[]> {
  const sections = ['### Beside other servers', `Measured ${describeMachineLine(peers)}.`];
  await mkdir(join(ROOT, 'docs', 'performance'), { recursive: true });
  for (const name of PLOTS) {
    const cell = findCell(peers.models, name);
    if (!cell) continue;
    const bars = cell.servers.map(({ server, rounds }) => {
      const value = summarize(rounds.map(({ requestsPerSecond }) => requestsPerSecond)).median;
      const text = `${Math.round(value).toLocaleString('en-US')} requests/s`;
      return { label: SHORT[server] ?? server, value, text, isOurs: server === 'ours' };
    });
    const title = `Random forest, ${describeLoad(cell)} (logarithmic)`;
    const file = `performance/${name.replaceAll(' ', '-')}.svg`;
    await writeFile(join(ROOT, 'docs', file), barChart(title, bars));
    sections.push(`![${title}](${file})`);
  }
  for (const { peer, reason } of peers.missing)
    sections.push(`Not installed: ${peers.titles[peer] ?? peer} (${reason}).`);
  sections.push(modelSections(peers.models, peers.titles), '#### Settings of the other servers', searchTable(peers));
  return sections;
}
