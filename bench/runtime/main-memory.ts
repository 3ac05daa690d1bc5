/**
 * `make bench-memory`: resident memory of the runtime under full load with mixed bodies. Whether it grows over hours: bench/soak.ts.
 *
 *   node bench/runtime/main-memory.ts [--minutes 10] [--out FILE] [--runtime dist/bundle/runtime/main.js]
 */
import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { checkAnswers } from './check-answers.ts';
import { LoadClient } from './load/client.ts';
import { openModel } from './models.ts';
import { residentBytesOf } from './processes.ts';
import { makeRequests } from './requests.ts';
import type { MemoryResults } from './results.ts';
import { ours } from './servers/ours.ts';
import { RunningServer } from './servers/running-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Between two looks at the memory. */
const STEP_MS = 10_000;
/** As many as may wait with 32 rows each: more would be refused. */
const CONNECTIONS = 32;
const MEBIBYTE = 2 ** 20;
const MIX = [
  { format: 'v1', rowsPerRequest: 1 },
  { format: 'v1', rowsPerRequest: 32 },
  { format: 'v2-binary', rowsPerRequest: 1 },
  { format: 'v2-binary', rowsPerRequest: 32 },
] as const;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    out: { type: 'string' },
    runtime: { type: 'string', default: 'dist/bundle/runtime/main.js' },
  },
});
const machine = describeMachine();
const model = await openModel('random-forest');
const definition = ours(resolve(ROOT, values.runtime));
const server = await RunningServer.start(definition, model);
const client = await LoadClient.start();
try {
  const messages: Buffer[] = [];
  for (const { format, rowsPerRequest } of MIX) {
    const protocol = definition.protocol(format, model)!;
    const requests = makeRequests(model, { ...protocol, rowsPerRequest });
    await checkAnswers(server.port, { format: protocol.format, model, requests });
    messages.push(...requests.map(({ message }) => message));
  }
  const modelBytes = (await stat(model.file)).size;
  const samples: { readonly minute: number; readonly residentMiB: number }[] = [];
  let answered = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < Number(values.minutes) * 60_000) {
    const load = { port: server.port, messages, serverPids: server.pids, connections: CONNECTIONS };
    const { requestsPerSecond } = await client.closedLoop({ ...load, warmUpMs: 0, measureMs: STEP_MS });
    server.requireAlive();
    answered += (requestsPerSecond * STEP_MS) / 1000;
    samples.push({
      minute: (performance.now() - startMs) / 60_000,
      residentMiB: residentBytesOf(server.pids) / MEBIBYTE,
    });
    const { minute, residentMiB } = samples.at(-1)!;
    console.log(`${minute.toFixed(1)} min: ${residentMiB.toFixed(0)} MiB, ${Math.round(answered)} requests`);
  }
  const result: MemoryResults = {
    date: new Date().toISOString(),
    machine,
    modelMiB: modelBytes / MEBIBYTE,
    requests: Math.round(answered),
    residentMiB: samples.at(-1)!.residentMiB,
    samples,
  };
  console.log({ ...result, samples: samples.length });
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  await server.stop();
  client.close();
}
