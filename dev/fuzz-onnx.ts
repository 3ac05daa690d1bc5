/**
 * Fuzzes the ONNX reader: `node dev/fuzz-onnx.ts [files] [seed]`, 100,000 mutated files by default. The parser alone, without onnxruntime.
 * Fails on anything thrown that is not a ModelFailure, on a file that takes longer than a second, and on growing memory.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bytesSource, segmentsSize } from '../runtime/onnx/byte-source.ts';
import { readModel } from '../runtime/onnx/read-model.ts';
import { ModelFailure } from '../runtime/errors.ts';
import { makeMutator } from '../test/support/mutate.ts';
import { badModels, sampleModels } from '../test/support/models.ts';

const MAX_FILE_MS = 1000;
const MAX_RSS_GROWTH_BYTES = 200 * 1024 * 1024;

const { positionals } = parseArgs({ allowPositionals: true });
const files = Number(positionals[0] ?? 100_000);
const seed = Number(positionals[1] ?? Date.now() % 2 ** 31);

const originals = [...sampleModels('fixtures'), ...sampleModels('zoo'), ...badModels()].map(({ file }) =>
  readFileSync(file),
);
const mutate = makeMutator(seed);
const outcomes = new Map<string, number>();
let slowestMs = 0;
let rssAfterWarmUp = 0;

console.log(`${files} files, seed ${seed}, from ${originals.length} originals`);
const startMs = performance.now();
for (let count = 0; count < files; count += 1) {
  const original = originals[count % originals.length]!;
  const bytes = mutate(original, originals[(count * 7 + 3) % originals.length]!);
  const outcome = tryToRead(bytes, count);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (count === Math.floor(files / 10)) rssAfterWarmUp = process.memoryUsage().rss;
}
const growth = process.memoryUsage().rss - rssAfterWarmUp;
for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(`${count}\t${outcome}`);
console.log(
  `${((performance.now() - startMs) / 1000).toFixed(1)} s, slowest file ${slowestMs.toFixed(0)} ms, RSS ${megabytes(process.memoryUsage().rss)} MB, grown by ${megabytes(growth)} MB since the first tenth, peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
if (growth > MAX_RSS_GROWTH_BYTES) throw new Error('memory grows with the number of files');

/** @returns what came of it, for the tally */
function tryToRead(bytes: Uint8Array, count: number): string {
  const fileStartMs = performance.now();
  const outcome = outcomeOf(bytes, count);
  const tookMs = performance.now() - fileStartMs;
  slowestMs = Math.max(slowestMs, tookMs);
  if (tookMs > MAX_FILE_MS) throw new Error(`file ${count} of seed ${seed} took ${tookMs.toFixed(0)} ms`);
  return outcome;
}

function outcomeOf(bytes: Uint8Array, count: number): string {
  try {
    const { rewritten, signature } = readModel(bytesSource(bytes));
    if (rewritten && segmentsSize(rewritten) > 2 * bytes.length + 4096) {
      throw new Error('the rewritten file is far larger than the original');
    }
    return `read, ${signature.presentation.task}${rewritten ? ', rewritten' : ''}`;
  } catch (error) {
    if (error instanceof ModelFailure) return error.reason;
    console.error(`file ${count} of seed ${seed}`);
    throw error;
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
