/**
 * Fuzzes everything that reads what a client sends: `node dev/fuzz-decoders.ts [inputs of each decoder] [seed]`, 200,000 by default.
 * Fails on anything thrown that is not a refusal with 4xx, on an input that takes longer than a second, on growing memory, and where a short way
 * of decoding answers otherwise than the general one.
 */
import { parseArgs } from 'node:util';
import { RequestError } from '../runtime/errors.ts';
import { makeMutator } from '../test/support/mutate.ts';
import { DECODERS, TOKENS, type FuzzedDecoder } from '../test/support/fuzzed-decoders.ts';

const MAX_INPUT_MS = 1000;
const MAX_RSS_GROWTH_BYTES = 200 * 1024 * 1024;

const { positionals } = parseArgs({ allowPositionals: true });
const inputs = Number(positionals[0] ?? 200_000);
const seed = Number(positionals[1] ?? Date.now() % 2 ** 31);

console.log(`${inputs} inputs for each of ${DECODERS.length} decoders, seed ${seed}`);
for (const decoder of DECODERS) fuzz(decoder);

function fuzz({ name, seeds, decode }: FuzzedDecoder): void {
  const mutate = makeMutator(seed, TOKENS);
  const startMs = performance.now();
  let [taken, slowestMs, rssAfterWarmUp] = [0, 0, 0];
  for (let count = 0; count < inputs; count += 1) {
    const [original, fitting] = seeds[count % seeds.length]!;
    const [other, stranger] = seeds[(count * 7 + 3) % seeds.length]!;
    const bytes = mutate(original, other);
    const signature = count % 8 === 0 ? stranger : fitting;
    const inputStartMs = performance.now();
    try {
      decode(bytes, signature, count);
      taken += 1;
    } catch (cause) {
      if (!(cause instanceof RequestError) || cause.status >= 500) {
        const input = Buffer.from(bytes).toString('base64');
        throw new Error(`${name}, input ${count} of seed ${seed}: ${input}`, { cause });
      }
    }
    slowestMs = Math.max(slowestMs, performance.now() - inputStartMs);
    if (slowestMs > MAX_INPUT_MS) throw new Error(`${name}, input ${count} of seed ${seed} took ${slowestMs} ms`);
    if (count === Math.floor(inputs / 10)) rssAfterWarmUp = process.memoryUsage().rss;
  }
  const { rss } = process.memoryUsage();
  const grownMb = Math.round((rss - rssAfterWarmUp) / 2 ** 20);
  if (rss - rssAfterWarmUp > MAX_RSS_GROWTH_BYTES) throw new Error(`${name}: memory grew by ${grownMb} MB`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const counts = `${taken} taken, ${inputs - taken} refused`;
  console.log(
    `${name}: ${counts}, ${seconds} s, slowest ${slowestMs.toFixed(1)} ms, RSS ${Math.round(rss / 2 ** 20)} MB (${grownMb >= 0 ? '+' : ''}${grownMb})`,
  );
}
