import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.ts';
import { describeMachine } from '../machine.ts';
import { forEachIndex, startBed, type Bed } from './bed.ts';
import { checkFencing, checkObjects } from './chaos/check.ts';
import { between, FAULTS, pick, type Fault } from './chaos/faults.ts';
import { Replica } from './chaos/replica.ts';
import { FaultCounter, type ChaosResult } from './chaos/result.ts';
import { Workload } from './chaos/workload.ts';
import { writesDuring } from './chaos/writes.ts';
import { RESULTS } from './report/results.ts';

/** Seeded, so that a run can be made again: https://en.wikipedia.org/wiki/Xorshift */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const MAX_CONVERGENCE_MS = 300_000;
/**
 * After the last fault an operator may rightly write for so long: a watch that was silenced counts as dead after 75 s, storage is
 * asked again within 60 s, and each may fail once more. What is written meanwhile is told, with what changed.
 */
const SETTLE_MS = 100_000;
const QUIET_MS = 30_000;
const SHOWN_FINDINGS = 20;
/** Shorter runs are trials: their result is printed, not kept. */
const KEPT_MINUTES = 30;

function say(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}

/**
 * `node bench/operator/chaos-run.ts [MINUTES=60] [MODELS=500] [SEED]`: two operators, models that are changed all the time, and
 * random faults, for so long. Then everything is whole again, and every object must become what its spec says within five
 * minutes, nothing may be written once the last fault is long enough ago, and no operator may ever have written while the other
 * led. Exits 1 otherwise. A run of half an hour or more writes bench/results/chaos.json.
 */
async function main(minutes: number, models: number, seed: number): Promise<ChaosResult> {
  const random = makeRandom(seed);
  const startedAt = new Date().toISOString();
  say(`${minutes} minutes, ${models} models, seed ${seed}`);
  const bed = await startBed();
  const env = bed.operatorEnv;
  const replicas = await Promise.all(
    ['operator-a', 'operator-b'].map((user) =>
      Replica.create(bed.controlPlane, user, { directory: bed.directory, env }),
    ),
  );
  await Promise.all(replicas.map((replica) => replica.start()));
  const nurse = setInterval(() => void Promise.all(replicas.map((replica) => replica.lookAfter())), 1_000);
  const sweeper = setInterval(() => void bed.standIn.sweepServices().catch(() => {}), 10_000);
  const workload = new Workload(bed, { random, count: models });
  await forEachIndex(models, 4, (index) => workload.create(index));
  say('all models are created');
  const endsAt = performance.now() + minutes * 60_000;
  const working = work(workload, endsAt, random);
  const faults = new FaultCounter();
  await breakThings({ bed, replicas, random, endsAt, faults });
  await working;
  const overAt = performance.now();
  const exits = replicas.map((replica) => `${replica.user} ${replica.exits}`).join(', ');
  say(`the faults are over: ${workload.done} changes, ${workload.refused} refused; ended by themselves: ${exits}`);
  const convergedSeconds = await untilConverged(bed, models);
  const settleMs = Math.max(0, overAt + SETTLE_MS - performance.now());
  const lateWrites = await tellWrites('late', bed, replicas, settleMs);
  const quietWrites = await tellWrites('quiet', bed, replicas, QUIET_MS);
  const isStillConverged = (await checkObjects(bed, models)).length === 0;
  const fencing = checkFencing(await bed.controlPlane.requests({}).then((all) => all.filter(isOf(replicas))));
  for (const finding of fencing.slice(0, SHOWN_FINDINGS)) say(`fencing: ${finding}`);
  say(`writes while the other operator led: ${fencing.length}`);
  clearInterval(nurse);
  clearInterval(sweeper);
  await Promise.all(replicas.map((replica) => replica.stop('SIGTERM')));
  await bed.stop();
  return {
    machine: describeMachine(),
    startedAt,
    minutes,
    models,
    seed,
    isGood: convergedSeconds !== undefined && isStillConverged && quietWrites.length === 0 && fencing.length === 0,
    changes: workload.done,
    refusedChanges: workload.refused,
    faults: faults.all,
    exits: replicas.reduce((sum, replica) => sum + replica.exits, 0),
    convergedSeconds,
    lateWrites,
    quietWrites,
    fencing: fencing.slice(0, SHOWN_FINDINGS),
    peakRssMB: replicas.map(({ peakRssBytes }) => Math.round(peakRssBytes / 1e6)),
  };
}

const isOf =
  (replicas: readonly Replica[]) =>
  ({ user }: { user: string }): boolean =>
    replicas.some((replica) => replica.user === user);

/** About two changes a second. */
async function work(workload: Workload, endsAt: number, random: () => number): Promise<void> {
  while (performance.now() < endsAt) {
    await workload.step();
    await delay(between(random, 0, 1_000));
  }
}

async function breakThings(options: {
  readonly bed: Bed;
  readonly replicas: readonly Replica[];
  readonly random: () => number;
  readonly endsAt: number;
  readonly faults: FaultCounter;
}): Promise<void> {
  const { bed, replicas, random, endsAt, faults } = options;
  const { controlPlane, store } = bed;
  let round: Fault[] = [];
  while (performance.now() < endsAt) {
    await delay(between(random, 2_000, 20_000));
    // Every fault before the first one comes again.
    if (round.length === 0) round = [...FAULTS];
    const fault = pick(round, random);
    round.splice(round.indexOf(fault), 1);
    say(`fault: ${fault.name}`);
    const startedAt = performance.now();
    // On a busy machine a program may take longer to start again than the test bed waits for it.
    await fault.happen({ controlPlane, store, replicas, random }).catch((error: unknown) => say(firstLine(error)));
    await untilAnswering(bed);
    faults.add(fault.name, (performance.now() - startedAt) / 1_000);
    say('over');
  }
}

async function untilAnswering({ connection }: Bed): Promise<void> {
  await eventually(
    async () => {
      const { statusCode } = await connection.request({ method: 'GET', path: '/readyz' });
      if (statusCode !== 200) throw new Error(`/readyz of the API server: ${statusCode}`);
    },
    { timeoutMs: MAX_CONVERGENCE_MS, intervalMs: 500 },
  );
}

function firstLine(error: unknown): string {
  return String(error).split('\n', 1)[0] ?? '';
}

/** @returns seconds it took; undefined: it did not come to that */
async function untilConverged(bed: Bed, models: number): Promise<number | undefined> {
  const startedAt = performance.now();
  for (;;) {
    const findings = await checkObjects(bed, models).catch((error: unknown) => [String(error)]);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    say(`${findings.length} differences after ${seconds} s`);
    if (findings.length === 0) return seconds;
    const isOver = performance.now() - startedAt > MAX_CONVERGENCE_MS;
    for (const finding of findings.slice(0, isOver ? SHOWN_FINDINGS : 2)) say(`difference: ${finding}`);
    if (isOver) return undefined;
    await delay(10_000);
  }
}

async function tellWrites(
  when: string,
  bed: Bed,
  replicas: readonly Replica[],
  forMs: number,
): Promise<readonly string[]> {
  const writes = await writesDuring(bed, replicas, () => delay(forMs));
  for (const write of writes.slice(0, SHOWN_FINDINGS)) say(`${when} write: ${write}`);
  say(`${when} writes in ${Math.round(forMs / 1_000)} s: ${writes.length}`);
  return writes;
}

const [minutes = 60, models = 500, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
const result = await main(minutes, models, seed);
const { isGood } = result;
if (minutes >= KEPT_MINUTES) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'chaos.json'), `${JSON.stringify(result, undefined, 2)}\n`);
} else say(JSON.stringify(result));
say(isGood ? 'VERDICT: good' : 'VERDICT: bad');
process.exit(isGood ? 0 : 1);
