/**
 * Fills the compile cache of the image: starts what the image starts, asks it once and ends it, so that Node writes down what it has compiled. Node takes a
 * cache of its own version, flags and user only: to be run as the image's.
 *
 *   node dev/images/compile-cache.ts
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { readImageStart } from './image-start.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const MODEL = join(ROOT, 'test', 'models', 'fixtures', 'iris-lr-strings.onnx');
const ROW = '{"instances": [[5.1, 3.5, 1.4, 0.2]]}';
const JSON_BODY = { 'content-type': 'application/json' };
const ANY_PORT = { HOST: '127.0.0.1', HTTP_PORT: '0', GRPC_PORT: '0', METRICS_PORT: '0' };

const folder = await mkdtemp(join(tmpdir(), 'compile-cache-'));
try {
  const { flags, main, env } = readImageStart(ROOT, 'runtime');
  const model = { MODEL_PATH: MODEL, MODEL_DIR: folder, TERMINATION_LOG: join(folder, 'log') };
  const server = spawn(process.execPath, [...flags, main], {
    env: { ...env, ...ANY_PORT, ...model },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  let url = '';
  for await (const line of createInterface(server.stdout)) {
    const { msg, httpPort } = JSON.parse(line) as { readonly msg: string; readonly httpPort?: number };
    if (msg === 'listening') url = `http://127.0.0.1:${httpPort}`;
    if (msg !== 'ready') continue;
    const { status } = await fetch(`${url}/predict`, { method: 'POST', body: ROW, headers: JSON_BODY });
    if (status !== 200) throw new Error(`the runtime answers ${status}`);
    // Not SIGTERM, after which it would go on for as long as requests may come.
    server.kill('SIGINT');
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`the runtime ended with ${code}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
