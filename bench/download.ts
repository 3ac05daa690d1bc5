/**
 * What downloading one object takes: `node bench/download.ts [megabytes] [megabytes a second of one connection] [rounds]`, 150, 50 and 3 by default. The object
 * comes from the storage emulator by way of a proxy in a process of its own that holds each connection to the rate; 0 leaves the proxy out. Prints wall time,
 * processor time (user and system) and peak of resident memory of the downloading process, each round.
 * Linux only.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GcsEmulator } from '../dev/gcs-emulator.ts';
import { startFaultyProxy } from '../dev/faulty-proxy.ts';
import { readProcessMemory } from '../dev/large-model/process-memory.ts';
import { startStorageEmulator } from '../dev/storage-emulator.ts';
import { createGcsStore } from '../storage/gcs.ts';
import { parseModelPath } from '../storage/model-path.ts';

const MEGABYTE = 1_000_000;
const BUCKET = 'download-bench';
const [role, ...args] = process.argv.slice(2);

if (role === 'proxy') await proxy(args[0]!, Number(args[1]));
else if (role === 'download') await download(args[0]!);
else await measure(Number(role ?? 150), Number(args[0] ?? 50), Number(args[1] ?? 3));

async function measure(megabytes: number, rate: number, rounds: number): Promise<void> {
  const emulator = await startStorageEmulator();
  const storage = new GcsEmulator(emulator.url);
  await storage.createBucket(BUCKET);
  await storage.upload(BUCKET, 'model.onnx', randomBytes(megabytes * MEGABYTE));
  const throttle = rate > 0 ? fork(import.meta.filename, ['proxy', emulator.url, String(rate)]) : undefined;
  try {
    const [url] = throttle ? ((await once(throttle, 'message')) as [string]) : [emulator.url];
    console.log(`${megabytes} MB, ${rate > 0 ? `${rate} MB/s for each connection` : 'no limit'}`);
    for (let round = 0; round < rounds; round += 1) {
      const [code] = (await once(fork(import.meta.filename, ['download', url]), 'exit')) as [number];
      if (code !== 0) throw new Error(`the download ended with ${code}`);
    }
  } finally {
    throttle?.kill();
    await emulator.stop();
  }
}

async function proxy(target: string, rate: number): Promise<void> {
  const throttle = await startFaultyProxy(target, { preconditions: false });
  throttle.inject({ path: /alt=media/, fault: { kind: 'slow', bytesPerSecond: rate * MEGABYTE } });
  // Keeps this process alive as long as the one that started it.
  process.once('disconnect', () => process.exit());
  process.send!(throttle.url);
}

async function download(emulatorHost: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'download-bench-'));
  try {
    const startedMs = performance.now();
    const before = process.cpuUsage();
    await createGcsStore({ emulatorHost }).download(parseModelPath(`gs://${BUCKET}/model.onnx`), folder);
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - startedMs) / 1000;
    const peak = ((await readProcessMemory(process.pid))?.peakResidentBytes ?? NaN) / 1024 / 1024;
    const cpu = `user ${(user / 1e6).toFixed(2)} s, system ${(system / 1e6).toFixed(2)} s`;
    console.log(`${seconds.toFixed(2)} s, ${cpu}, peak ${peak.toFixed(0)} MiB`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
