/**
 * `make bench`: what the runtime takes to answer, beside what node:http and onnxruntime take by themselves.
 *
 *   node bench/runtime/main.ts [--only TEXT] [--rounds 5] [--seconds 1] [--nice 0] [--out FILE] [--runtime [NAME=]dist/bundle/runtime/main.js]...
 *
 * --only keeps the loads whose name has TEXT in it, e.g. `random-forest v1 1 c64`, `start-up`, `overload`; several: any of them. --runtime given twice compares two builds.
 * --env NAME=VALUE sets a variable of the runtime, e.g. INFERENCE_THREAD=Main. --nice=-19 for a machine that is busy with other things.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { LoadClient } from './load/client.ts';
import { summarize } from '../statistics.ts';
import { measureModel, type Cell, type ModelResult } from './measure-model.ts';
import { openMlp, openModel } from './models.ts';
import { measureOverload, type OverloadResult } from './overload.ts';
import { CAN_PIN, leaveServerCore, setNiceness } from './pinning.ts';
import type { ServerDefinition } from './servers/definition.ts';
import { cellName, ONE_BY_ONE, type RuntimeResults } from './results.ts';
import { ECHO } from './servers/echo.ts';
import { ours } from './servers/ours.ts';
import { measureStartUp, type StartUpResult } from './start-up.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What 16 connections with 32 rows each can make one run of, and what our runtime makes of it. */
const BARE_RUN_ROWS = [32, 64, 512];
const SMALL: readonly Cell[] = [
  { format: 'v1', rowsPerRequest: 1, connections: 64 },
  { format: 'v1', rowsPerRequest: 32, connections: 16 },
];
const CELLS: Readonly<Record<string, readonly Cell[]>> = {
  'random-forest': [
    { format: 'v1', rowsPerRequest: 1, connections: 1 },
    { format: 'v1', rowsPerRequest: 1, connections: 16 },
    { format: 'v1', rowsPerRequest: 1, connections: 64 },
    { format: 'v1', rowsPerRequest: 32, connections: 16 },
    { format: 'v2-binary', rowsPerRequest: 1, connections: 16 },
    { format: 'v2-binary', rowsPerRequest: 32, connections: 16, bareRunRows: BARE_RUN_ROWS },
  ],
  'logistic-regression': SMALL,
  lightgbm: SMALL,
  columns: SMALL,
};

const START_UPS = 10;
const OVERLOADS = [
  { times: 1.2, probesPerSecond: 10 },
  { times: 10, probesPerSecond: 10 },
  { times: 10, probesPerSecond: 40 },
];
/** Of each step of the overload, for each second of a round elsewhere: queues have to fill. */
const OVERLOAD_SECONDS = 10;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    nice: { type: 'string', default: '0' },
    out: { type: 'string' },
    env: { type: 'string', multiple: true, default: [] },
    runtime: { type: 'string', multiple: true, default: ['dist/bundle/runtime/main.js'] },
  },
});
setNiceness(Number(values.nice));
leaveServerCore();
const machine = describeMachine();
const measureMs = Number(values.seconds) * 1000;
const effort = { rounds: Number(values.rounds), warmUpMs: measureMs / 3, measureMs };
const env = Object.fromEntries(values.env.map((text) => text.split('=', 2)));
const builds = values.runtime.map((text) => {
  const [, name, file] = /^(?:([^=]*)=)?(.*)$/.exec(text)!;
  return { name: name ?? 'ours', main: resolve(ROOT, file!) };
});
const runtimes = builds.map(({ name, main }) => ours(main, name, env));
const oneByOne = builds.map(({ name, main }) => ours(main, `${name}${ONE_BY_ONE}`, { ...env, BATCHING_MAX_ROWS: '1' }));
if (!CAN_PIN) console.warn('servers and client share cores here: two cores and taskset make the numbers steadier');

const client = await LoadClient.start();
try {
  const models: ModelResult[] = [];
  for (const [name, cells] of Object.entries(CELLS)) {
    const chosen = cells.filter((cell) => isChosen(name, cell));
    if (chosen.length === 0) continue;
    const servers = [...runtimes, ECHO];
    const model = await openModel(name);
    models.push(await measureModel(model, { servers, cells: chosen, effort, client, onProgress: console.log }));
  }
  const startUps: StartUpResult[] = [];
  const overloads: OverloadResult[] = [];
  if (isNamed('start-up')) for (const runtime of runtimes) startUps.push(await startUp(runtime));
  if (isNamed('overload')) for (const runtime of [...runtimes, ...oneByOne]) overloads.push(await overload(runtime));
  const result: RuntimeResults = {
    date: new Date().toISOString(),
    machine,
    pinned: CAN_PIN,
    effort,
    models,
    startUps,
    overloads,
  };
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  client.close();
}

function isChosen(model: string, cell: Cell): boolean {
  return isNamed(cellName(model, cell));
}

function isNamed(name: string): boolean {
  return values.only.length === 0 || values.only.some((text) => name.includes(text));
}

async function startUp(runtime: ServerDefinition): Promise<StartUpResult> {
  const result = await measureStartUp(runtime, await openModel('random-forest'), START_UPS);
  const { median, min, max } = summarize(result.readyMs);
  console.log(`start-up of ${runtime.name}: ${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`);
  return result;
}

async function overload(server: ServerDefinition): Promise<OverloadResult> {
  const model = await openMlp();
  const durationMs = OVERLOAD_SECONDS * measureMs;
  return measureOverload(model, {
    server,
    client,
    durationMs,
    steps: OVERLOADS,
    livePath: '/livez',
    onProgress: console.log,
  });
}
