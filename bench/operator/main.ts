import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { describeMachine } from '../machine.ts';
import { modelName, startBed } from './bed.ts';
import { measureTakeover } from './takeover.ts';
import { measureFloor } from './floor.ts';
import { RESULTS, type OperatorResult } from './report/results.ts';
import { measureCreation, measureEdits, measureIdle, measureRestart, measureStorm } from './measure.ts';

const EDITS = 100;
const EDITS_BEHIND_STORM = 20;
/** One interval in which every model is polled, after V8 has given back what work took. */
const IDLE_SECONDS = 60;
const REST_MS = 20_000;
const SECONDS_AFTER_RESTART = 15;
/** The floor is a rate: more models would not change it. */
const FLOOR_MODELS = 500;

/** Everything for one number of models, on a cluster of its own. */
async function measureAll(count: number): Promise<Omit<OperatorResult, 'machine' | 'measuredAt' | 'loadBefore'>> {
  const bed = await startBed();
  try {
    let operator = await bed.startOperator();
    await operator.untilIdle();
    const rssMBWithoutModels = Math.round(operator.use().rssBytes / 1e6);
    const creation = await measureCreation(bed, operator, { count });
    console.error(count, 'created', JSON.stringify(creation));
    const storm = await measureStorm(bed, operator, count);
    console.error(count, 'storm', JSON.stringify(storm));
    const edits = await measureEdits(bed, { among: count, edits: EDITS });
    const editsBehindStorm = await measureEdits(bed, { among: count, edits: EDITS_BEHIND_STORM, stormOver: count });
    console.error(count, 'edits', JSON.stringify([edits, editsBehindStorm]));
    await operator.untilIdle(REST_MS);
    const idle = await measureIdle(bed, operator, IDLE_SECONDS);
    console.error(count, 'idle', JSON.stringify(idle));
    const restarted = await measureRestart(bed, operator);
    operator = restarted.operator;
    const idleAfterRestart = await measureIdle(bed, operator, SECONDS_AFTER_RESTART);
    console.error(count, 'restart', JSON.stringify([restarted.restart, idleAfterRestart]));
    const takeover = await measureTakeover(bed, operator);
    await takeover.operator.stop();
    const models = Math.min(count, FLOOR_MODELS);
    const floor = await measureFloor(bed, {
      existing: modelName(0),
      count,
      models,
      edits: Math.min(EDITS, models),
      editsBehindStorm: EDITS_BEHIND_STORM,
    });
    console.error(count, 'takeover, floor', JSON.stringify([takeover.takeover, floor]));
    return {
      models: count,
      rssMBWithoutModels,
      creation,
      storm,
      edits,
      editsBehindStorm,
      idle,
      restart: restarted.restart,
      idleAfterRestart,
      takeover: takeover.takeover,
      floor,
    };
  } finally {
    await bed.stop();
  }
}

/** `node bench/operator/main.ts 100 1000`: results of other numbers of models stay as they are. */
const counts = process.argv.slice(2).map(Number);
if (counts.length === 0 || counts.some((count) => !Number.isInteger(count) || count < 1)) {
  process.stderr.write('say how many models: node bench/operator/main.ts 100 1000\n');
  process.exit(2);
}
mkdirSync(RESULTS, { recursive: true });
for (const count of counts) {
  const [loadBefore = 0] = loadavg();
  const measured = await measureAll(count);
  const result: OperatorResult = {
    machine: describeMachine(),
    measuredAt: new Date().toISOString(),
    loadBefore,
    ...measured,
  };
  writeFileSync(join(RESULTS, `operator-${count}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}
process.exit(0);
