import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from '../../dev/guarded-process.ts';
import { prepareModel } from '../../runtime/prepare-model.ts';
import type { BenchModel } from './models.ts';
import type { PeerModel } from './servers/peers.ts';

const EXPORT = join(import.meta.dirname, '..', 'models', 'export_models.py');

/**
 * The models as Python servers get them: trained again for the pickles, and the files without ZipMap.
 * @param python with the packages that the models were trained with
 * @throws Error when the training gives other models than the committed ones
 */
export async function makePeerModels(
  models: readonly BenchModel[],
  python: string | undefined,
): Promise<Map<string, PeerModel>> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-models-'));
  removeAtExit(folder);
  if (python !== undefined) trainAgain(python, folder);
  const made = new Map<string, PeerModel>();
  for (const { name, file } of models) {
    const placed = await prepareModel(file, folder);
    const copy = join(folder, `${name}.onnx`);
    await copyFile(placed.file, copy);
    await placed.remove();
    made.set(name, { file: copy, pickle: python === undefined ? undefined : join(folder, `${name}.pkl`) });
  }
  return made;
}

function trainAgain(python: string, folder: string): void {
  const { status, stderr } = spawnSync(python, [EXPORT, '--pickles', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the models could not be trained again: ${stderr}`);
}
