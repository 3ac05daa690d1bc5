/**
 * `make bench-peers`: the runtime beside the servers that users could pick instead, each in its best setting.
 *
 *   node bench/runtime/main-peers.ts [--only TEXT] [--peer NAME]... [--rounds 5] [--seconds 0.8] [--nice 0] [--out FILE] [--runtime dist/bundle/runtime/main.js]
 *
 * Makes virtual environments from PyPI in the cache. A peer that cannot be installed is named and left out.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { findSetting, type SettingSearch } from './find-settings.ts';
import { LoadClient } from './load/client.ts';
import { measureModel, type Cell, type Effort, type ModelResult } from './measure-model.ts';
import { openModel } from './models.ts';
import { makePeerModels } from './peer-models.ts';
import { CAN_PIN, leaveServerCore, setNiceness } from './pinning.ts';
import { cellName, type PeerResults } from './results.ts';
import type { ServerDefinition } from './servers/definition.ts';
import { ECHO } from './servers/echo.ts';
import { ours } from './servers/ours.ts';
import { peerFolder, peerServer, PEERS, type Peer } from './servers/peers.ts';
import { NotInstallableError, pythonWith } from './servers/virtual-environment.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Of the search, which only has to tell settings apart. */
const SEARCH_ROUNDS = 2;
const CELLS: Readonly<Record<string, readonly Cell[]>> = {
  'random-forest': [
    // The cores sleep between two requests, and how long they take to wake differs.
    { format: 'v1', rowsPerRequest: 1, connections: 1, roundsFactor: 3 },
    { format: 'v1', rowsPerRequest: 1, connections: 16 },
    { format: 'v1', rowsPerRequest: 1, connections: 64 },
    { format: 'v1', rowsPerRequest: 32, connections: 16 },
    { format: 'v2-binary', rowsPerRequest: 32, connections: 16 },
  ],
  columns: [{ format: 'v1', rowsPerRequest: 1, connections: 64 }],
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string', multiple: true, default: PEERS.map(({ name }) => name) },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.8' },
    nice: { type: 'string', default: '0' },
    out: { type: 'string' },
    runtime: { type: 'string', default: 'dist/bundle/runtime/main.js' },
  },
});
setNiceness(Number(values.nice));
leaveServerCore();
const machine = describeMachine();
const measureMs = Number(values.seconds) * 1000;
const effort: Effort = { rounds: Number(values.rounds), warmUpMs: measureMs / 3, measureMs };
const chosen = PEERS.filter(({ name }) => values.peer.includes(name));

const pythons = new Map<Peer, string>();
const missing: { readonly peer: string; readonly reason: string }[] = [];
for (const peer of chosen) {
  try {
    pythons.set(peer, await pythonWith(peer.folder, join(peerFolder(peer), 'requirements.txt')));
  } catch (error) {
    if (!(error instanceof NotInstallableError)) throw error;
    missing.push({ peer: peer.name, reason: error.message });
    console.warn(`${peer.title} cannot be installed here: ${error.message}`);
  }
}

const models = await Promise.all(Object.keys(CELLS).map(openModel));
const sklearn = [...pythons].find(([{ folder }]) => folder === 'fastapi')?.[1];
const peerModels = await makePeerModels(models, sklearn);
const client = await LoadClient.start();
try {
  const searches: SettingSearch[] = [];
  const servers: ServerDefinition[] = [ours(resolve(ROOT, values.runtime))];
  for (const [peer, python] of pythons) {
    const searchEffort = { ...effort, rounds: SEARCH_ROUNDS };
    const search = await findSetting(peer, {
      python,
      models: peerModels,
      model: models[0]!,
      client,
      effort: searchEffort,
    });
    if (search.tried.length > 0) searches.push(search);
    console.log(`${peer.name}: ${JSON.stringify(search.tried)}; taken: ${JSON.stringify(search.best)}`);
    servers.push(peerServer(peer, { python, models: peerModels, setting: search.best }));
  }
  servers.push(ECHO);
  const results: ModelResult[] = [];
  for (const model of models) {
    const cells = CELLS[model.name]!.filter((cell) => isChosen(model.name, cell));
    const able = servers.filter((server) => cells.some(({ format }) => server.protocol(format, model)));
    if (cells.length > 0)
      results.push(await measureModel(model, { servers: able, cells, effort, client, onProgress: console.log }));
  }
  const result: PeerResults = {
    date: new Date().toISOString(),
    machine,
    pinned: CAN_PIN,
    effort,
    missing,
    searches,
    titles: Object.fromEntries(servers.map(({ name, title }) => [name, title])),
    models: results,
  };
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  client.close();
}

function isChosen(model: string, cell: Cell): boolean {
  return values.only.length === 0 || values.only.some((text) => cellName(model, cell).includes(text));
}
