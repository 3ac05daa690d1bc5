/** The library's `session.run` and nothing around it, with our runtime's file, settings and outputs. Arguments: model file, JSON rows. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyModelSettings } from '../../../runtime/presentation/settings.ts';
import { prepareModel } from '../../../runtime/prepare-model.ts';
import '../../../runtime/session/no-telemetry.ts';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { DATATYPES } from '../../../runtime/tensor/datatype.ts';
import type { Tensor } from '../../../runtime/tensor/tensor.ts';
import { answerRequests } from '../asked-process.ts';
import type { Row } from '../models.ts';
import type { BareRun, BareRunResult } from './bare-run.ts';

/** Batches of different rows, run in turn. */
const BATCHES = 64;
const SETTINGS = { task: 'Auto', labels: undefined, activation: 'None', labelsFile: undefined } as const;

const [file = '', rowsFile = ''] = process.argv.slice(2);
const rows = JSON.parse(await readFile(rowsFile, 'utf8')) as Row[];
const placed = await prepareModel(file, await mkdtemp(join(tmpdir(), 'bare-run-')));
const { inputs, presentation } = applyModelSettings(placed.prepared, SETTINGS);
const session = await InferenceSession.create(placed.file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
await placed.remove();

answerRequests(run);

async function run({ batchRows, warmUpMs, measureMs }: BareRun): Promise<BareRunResult> {
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    inputs.map(({ name, datatype }) => [name, toTensor(name, datatype, batch * batchRows, batchRows)] as const),
  );
  const outputs = [...presentation.outputs];
  let next = 0;
  const runFor = async (durationMs: number): Promise<{ runs: number; elapsedMs: number }> => {
    const startedMs = performance.now();
    let runs = 0;
    for (; performance.now() - startedMs < durationMs; runs += 1) {
      const feeds = batches[next++ % BATCHES]!.map(([name, tensor]) => [name, toOrt(tensor)]);
      await session.run(Object.fromEntries(feeds), outputs);
    }
    return { runs, elapsedMs: performance.now() - startedMs };
  };
  await runFor(warmUpMs);
  const { runs, elapsedMs } = await runFor(measureMs);
  return { rowsPerSecond: (runs * batchRows * 1000) / elapsedMs };
}

function toOrt({ datatype, data, shape }: Tensor): OrtTensor {
  return new OrtTensor(DATATYPES[datatype].ortType as 'float32', data as Float32Array, shape);
}

function toTensor(name: string, datatype: Tensor['datatype'], first: number, count: number): Tensor {
  const picked = Array.from({ length: count }, (_, index) => rows[(first + index) % rows.length]!);
  const values = picked.flatMap((row) => (Array.isArray(row) ? row : [(row as Record<string, unknown>)[name]]));
  const shape = [count, values.length / count];
  if (datatype === 'BYTES') return { datatype, shape, data: values as string[] };
  return { datatype, shape, data: Float32Array.from(values as number[]) };
}
