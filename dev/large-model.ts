/**
 * What serving a large model takes: `node dev/large-model.ts [megabytes] [folder]`, 1024 by default. Writes a model that has to be rewritten, starts `serve`
 * on it, and prints the time to ready, the answer to a row, and the peak of resident memory of the process and of the trial it makes. Linux only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { childrenOf, readProcessMemory } from './large-model/process-memory.ts';
import { LAYER_BYTES, writeLargeModel } from './large-model/write.ts';

const MEBIBYTE = 1024 * 1024;
const MAX_LAYERS = 100;
const SAMPLE_MS = 10;
const FEATURES = 4096;

const { positionals } = parseArgs({ allowPositionals: true });
const megabytes = Number(positionals[0] ?? 1024);
const layers = Math.min(MAX_LAYERS, Math.max(1, Math.round((megabytes * MEBIBYTE) / LAYER_BYTES)));
const folder = await mkdtemp(join(positionals[1] ?? tmpdir(), 'large-model-'));
try {
  const path = join(folder, 'large.onnx');
  await writeLargeModel(path, layers);
  console.log(`model: ${toMebibytes((await stat(path)).size)}`);
  await measureServe(path);
} finally {
  await rm(folder, { recursive: true });
}

async function measureServe(path: string): Promise<void> {
  const startedMs = performance.now();
  const main = join(import.meta.dirname, '..', 'cli', 'main.ts');
  const server = spawn(
    process.execPath,
    [main, 'serve', path, '--port', '0', '--metrics-port', '0', '--grpc-port', '0'],
    {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(server, 'exit');
  try {
    let printed = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const peaks = { trial: 0, together: 0 };
    while (!printed.includes('Ctrl-C')) {
      if (server.exitCode !== null) throw new Error(`serve ended with ${server.exitCode}`);
      await samplePeaks(server.pid!, peaks);
      await delay(SAMPLE_MS);
    }
    console.log(`ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    const [, url = ''] = /predictions {2}(\S+)/.exec(printed) ?? [];
    const askedMs = performance.now();
    const body = JSON.stringify({ instances: [Array.from({ length: FEATURES }, () => 1)], parameters: { topK: 1 } });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answer = (await response.text()).slice(0, 100);
    console.log(`one row: ${response.status} ${answer} in ${(performance.now() - askedMs).toFixed(0)} ms`);
    const memory = await readProcessMemory(server.pid!);
    console.log(
      `server: peak RSS ${toMebibytes(memory?.peakResidentBytes ?? NaN)}, anonymous now ${toMebibytes(memory?.anonymousBytes ?? NaN)}`,
    );
    console.log(`trial process: peak RSS ${toMebibytes(peaks.trial)}`);
    console.log(`server and trial: peak of anonymous memory ${toMebibytes(peaks.together)}`);
  } finally {
    server.kill('SIGINT');
    await exited;
  }
}

async function samplePeaks(pid: number, peaks: { trial: number; together: number }): Promise<void> {
  const server = await readProcessMemory(pid);
  let together = server?.anonymousBytes ?? 0;
  for (const child of await childrenOf(pid)) {
    const trial = await readProcessMemory(child);
    peaks.trial = Math.max(peaks.trial, trial?.peakResidentBytes ?? 0);
    together += trial?.anonymousBytes ?? 0;
  }
  peaks.together = Math.max(peaks.together, together);
}

function toMebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} MiB`;
}
