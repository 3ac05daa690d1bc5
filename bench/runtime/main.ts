/**
 * `make bench`: what the runtime takes to answer, beside what node:http and onnxruntime take by themselves.
 *
 *   node bench/runtime/main.ts [--only TEXT] [--rounds 5] [--seconds 1] [--nice 0] [--out FILE] [--runtime [NAME=]dist/runtime/main.js]...
 *
 * --only keeps the loads whose name has TEXT in it, e.g. `random-forest v1 1 c64`; several: any of them. --runtime given twice compares two builds.
 * --nice=-19 for a machine that is busy with other things.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { LoadClient } from './load/client.ts';
import { measureModel, type Cell, type ModelResult } from './measure-model.ts';
import { openModel } from './models.ts';
import { CAN_PIN, setNiceness } from './pinning.ts';
import { ECHO } from './servers/echo.ts';
import { ours } from './servers/ours.ts';

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

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    nice: { type: 'string', default: '0' },
    out: { type: 'string' },
    runtime: { type: 'string', multiple: true, default: ['dist/runtime/main.js'] },
  },
});
setNiceness(Number(values.nice));
const measureMs = Number(values.seconds) * 1000;
const effort = { rounds: Number(values.rounds), warmUpMs: measureMs / 3, measureMs };
const runtimes = values.runtime.map((text) => {
  const [, name, file] = /^(?:([^=]*)=)?(.*)$/.exec(text)!;
  return ours(resolve(ROOT, file!), name ?? 'ours');
});
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
  const result = { date: new Date().toISOString(), machine: describeMachine(), pinned: CAN_PIN, effort, models };
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  client.close();
}

function isChosen(model: string, { format, rowsPerRequest, connections }: Cell): boolean {
  const name = `${model} ${format} ${rowsPerRequest} c${connections}`;
  return values.only.length === 0 || values.only.some((text) => name.includes(text));
}
