import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.ts';
import { forEachIndex, startBed } from './bed.ts';
import { checkFencing, checkObjects } from './chaos/check.ts';
import { between, FAULTS, pick, type Fault } from './chaos/faults.ts';
import { Replica } from './chaos/replica.ts';
import { Workload } from './chaos/workload.ts';

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
const QUIET_MS = 30_000;
const SHOWN_FINDINGS = 20;

function say(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}

/**
 * `node bench/operator/chaos-run.ts [MINUTES=60] [MODELS=500] [SEED]`: two operators, models that are changed all the time, and
 * random faults, for so long. Then everything is whole again, and every object must become what its spec says within five
 * minutes, nothing may be written after that, and no operator may ever have written while the other led. Exits 1 otherwise.
 */
async function main(minutes: number, models: number, seed: number): Promise<boolean> {
  const random = makeRandom(seed);
  say(`${minutes} minutes, ${models} models, seed ${seed}`);
  const bed = await startBed();
  const env = bed.operatorEnv;
  const replicas = await Promise.all(
    ['operator-a', 'operator-b'].map((user) =>
      Replica.create(bed.controlPlane, user, { directory: bed.directory, env }),
    ),
  );
  await Promise.all(replicas.map((replica) => replica.start()));
  const reviver = setInterval(() => void Promise.all(replicas.map((replica) => replica.revive())), 1_000);
  const workload = new Workload(bed, { random, count: models });
  await forEachIndex(models, 4, (index) => workload.create(index));
  say('all models are created');
  const endsAt = performance.now() + minutes * 60_000;
  const working = work(workload, endsAt, random);
  await breakThings({ bed, replicas, random, endsAt });
  await working;
  const exits = replicas.map((replica) => `${replica.user} ${replica.exits}`).join(', ');
  say(`the faults are over: ${workload.done} changes, ${workload.refused} refused; ended by themselves: ${exits}`);
  const isConverged = await untilConverged(bed, models);
  const isQuiet = isConverged && (await staysQuiet(bed, replicas));
  const fencing = checkFencing(await bed.controlPlane.requests({}).then((all) => all.filter(isOf(replicas))));
  for (const finding of fencing.slice(0, SHOWN_FINDINGS)) say(`fencing: ${finding}`);
  say(`writes while the other operator led: ${fencing.length}`);
  clearInterval(reviver);
  for (const replica of replicas)
    say(`${replica.user}: ${Math.round((replica.process?.use().rssBytes ?? 0) / 1e6)} MB`);
  await Promise.all(replicas.map((replica) => replica.stop('SIGTERM')));
  await bed.stop();
  return isConverged && isQuiet && fencing.length === 0;
}

type Bed = Awaited<ReturnType<typeof startBed>>;

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
}): Promise<void> {
  const { bed, replicas, random, endsAt } = options;
  const { controlPlane, store } = bed;
  let round: Fault[] = [];
  while (performance.now() < endsAt) {
    await delay(between(random, 2_000, 20_000));
    // Every fault before the first one comes again.
    if (round.length === 0) round = [...FAULTS];
    const fault = pick(round, random);
    round.splice(round.indexOf(fault), 1);
    say(`fault: ${fault.name}`);
    // On a busy machine a program may take longer to start again than the test bed waits for it.
    await fault.happen({ controlPlane, store, replicas, random }).catch((error: unknown) => say(firstLine(error)));
    await untilAnswering(bed);
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

async function untilConverged(bed: Bed, models: number): Promise<boolean> {
  const startedAt = performance.now();
  for (;;) {
    const findings = await checkObjects(bed, models).catch((error: unknown) => [String(error)]);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    say(`${findings.length} differences after ${seconds} s`);
    if (findings.length === 0) return true;
    const isOver = performance.now() - startedAt > MAX_CONVERGENCE_MS;
    for (const finding of findings.slice(0, isOver ? SHOWN_FINDINGS : 2)) say(`difference: ${finding}`);
    if (isOver) return false;
    await delay(10_000);
  }
}

/** Nothing is written when nothing changes. */
async function staysQuiet({ controlPlane }: Bed, replicas: readonly Replica[]): Promise<boolean> {
  const since = await controlPlane.mark();
  await delay(QUIET_MS);
  const requests = await controlPlane.requests({ since, verb: ['create', 'update', 'patch', 'delete'] });
  const writes = requests.filter(isOf(replicas)).filter(({ resource }) => resource !== 'leases');
  for (const { user, verb, resource, name } of writes.slice(0, SHOWN_FINDINGS)) {
    say(`write: ${user} ${verb} ${resource} ${name}`);
  }
  say(`writes in ${QUIET_MS / 1_000} quiet seconds: ${writes.length}`);
  return writes.length === 0;
}

const [minutes = 60, models = 500, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
const isGood = await main(minutes, models, seed);
say(isGood ? 'VERDICT: good' : 'VERDICT: bad');
process.exit(isGood ? 0 : 1);
