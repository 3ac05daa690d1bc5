/**
 * Does memory grow? A runtime gets a slow mix of every kind of request, right and wrong, and a model is loaded and freed some hundred times;
 * straight lines through resident memory, heap and external memory tell.
 *
 *   node bench/soak.ts [--minutes 60] [--rate 60] [--loads 500] [--thread Main|Worker] [--limit 5] [--out FILE]
 *
 * The runtime is started as its image starts it. --rate: requests a second, one after the other. --limit: mebibytes an hour, and mebibytes for a hundred loads, above which memory counts as growing.
 * Ends by itself: 0 unless memory grows or a request is answered wrongly.
 */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts } from '../dev/free-port.ts';
import { logTail, removeAtExit, startGuarded } from '../dev/guarded-process.ts';
import { readImageStart } from '../dev/images/image-start.ts';
import { describeMachine } from './machine.ts';
import { QUANTITIES, readMemory, type Quantity } from './soak/memory.ts';
import { soakRequests } from './soak/requests.ts';
import { Sender } from './soak/send.ts';
import { fitTrend, judge, mediansInTime, type Sample } from './soak/trend.ts';

const ROOT = join(import.meta.dirname, '..');
const image = readImageStart(ROOT, 'runtime');
/** One input `X` of FP32 `[-1,4]`. */
const MODEL = join(ROOT, 'test', 'models', 'fixtures', 'iris-rf-tensor.onnx');
const MAX_SAMPLE_MS = 5_000;
const MIN_SAMPLES = 100;
/** Part of the run in which caches and compiled code still grow. */
const WARM_UP = 0.25;
const READY_TIMEOUT_MS = 60_000;
const MEBIBYTE = 2 ** 20;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '60' },
    loads: { type: 'string', default: '500' },
    thread: { type: 'string', default: 'Main' },
    limit: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const limit = Number(values.limit);
const lines: string[] = [];
let isWell = true;

await soakRequestsFor(Number(values.minutes) * 60_000);
await soakLoads(Number(values.loads));
say(JSON.stringify(describeMachine()));
if (values.out !== undefined) await writeFile(values.out, `${lines.join('\n')}\n`);
process.exit(isWell ? 0 : 1);

function say(line: string): void {
  lines.push(line);
  console.log(line);
}

async function soakRequestsFor(durationMs: number): Promise<void> {
  const [port, metricsPort] = (await freePorts(2)) as [number, number];
  const runtime = await startRuntime(port, metricsPort);
  const requests = soakRequests('soak', Math.random);
  const sender = new Sender(port);
  const samples: Record<Quantity, Sample[]> = { resident: [], heap: [], external: [] };
  const problems = new Map<string, number>();
  const startedMs = performance.now();
  let sent = 0;
  const sampleMs = Math.min(MAX_SAMPLE_MS, durationMs / MIN_SAMPLES);
  let sampleAtMs = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs = performance.now() - startedMs) {
    if (runtime.hasExited()) throw new Error(`the runtime ended:\n${logTail(runtime.logFile)}`);
    if (nowMs >= sampleAtMs) {
      sampleAtMs += sampleMs;
      const memory = await readMemory(metricsPort);
      for (const quantity of QUANTITIES) {
        samples[quantity].push({ hours: nowMs / 3_600_000, value: memory[quantity] / MEBIBYTE });
      }
    }
    const problem = await sender.send(requests[sent % requests.length]!);
    if (problem !== undefined) problems.set(problem, (problems.get(problem) ?? 0) + 1);
    sent += 1;
    await delay(Math.max(0, (sent * 1000) / Number(values.rate) - (performance.now() - startedMs)));
  }
  sender.close();
  await runtime.stop();
  say(`${sent} requests in ${values.minutes} min, thread ${values.thread}`);
  for (const [problem, count] of problems) say(`wrong, ${count} times: ${problem}`);
  isWell &&= problems.size === 0;
  for (const quantity of QUANTITIES) report(`${quantity} memory`, samples[quantity], 'an hour');
}

async function startRuntime(port: number, metricsPort: number) {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  removeAtExit(folder);
  const { PATH, HOME } = process.env;
  const runtime = await startGuarded(process.execPath, [...image.flags, image.main], {
    logFile: join(folder, 'log'),
    env: {
      PATH,
      HOME,
      ...image.env,
      TMPDIR: folder,
      MODEL_PATH: MODEL,
      MODEL_NAME: 'soak',
      INFERENCE_THREAD: values.thread,
      HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      METRICS_PORT: String(metricsPort),
      GRPC_PORT: '0',
    },
  });
  const startedMs = performance.now();
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (runtime.hasExited() || performance.now() - startedMs > READY_TIMEOUT_MS) {
      throw new Error(`the runtime does not start:\n${logTail(runtime.logFile)}`);
    }
    await delay(100);
  }
  return runtime;
}

async function soakLoads(count: number): Promise<void> {
  for (const thread of count > 0 ? ['inline', 'worker'] : []) {
    const script = join(import.meta.dirname, 'soak', 'load-cycles-process.ts');
    const child = spawn(process.execPath, [script, MODEL, String(count), thread], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const samples: Sample[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      samples.push({ hours: samples.length / 100, value: Number(line) / MEBIBYTE });
    }
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new Error(`loading ended with ${code}`);
    report(`resident memory of ${count} loads and unloads (${thread})`, samples, 'a hundred loads');
  }
}

function report(name: string, samples: readonly Sample[], unit: string): void {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const trend = fitTrend(warm);
  const verdict = judge(trend, limit);
  const [first, last] = [warm[0]!.value, warm.at(-1)!.value].map((value) => value.toFixed(1));
  const peak = Math.max(...samples.map(({ value }) => value)).toFixed(1);
  const slope = `${trend.slope.toFixed(2)} ± ${(2 * trend.error).toFixed(2)} MiB ${unit}`;
  say(`${name}: ${verdict}; ${slope} (from ${first} to ${last} MiB after warm-up, peak ${peak})`);
  say(
    `  in twelfths: ${mediansInTime(samples)
      .map(({ y }) => y.toFixed(1))
      .join(' ')}`,
  );
  isWell &&= verdict !== 'grows';
}
