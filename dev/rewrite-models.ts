/**
 * `node dev/rewrite-models.ts FOLDER`: writes every sample model as the runtime loads it into FOLDER/COLLECTION, with its external data beside it, and leaves
 * out those that are not rewritten. test/models/compare_rewritten.py runs them beside the originals.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openModelFile, writeModelFile } from '../runtime/model-file.ts';
import { readModel } from '../runtime/onnx/read-model.ts';
import { sampleModels } from '../test/support/models.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('say where to write: node dev/rewrite-models.ts FOLDER');
for (const collection of ['fixtures', 'zoo'] as const) {
  const directory = join(folder, collection);
  await mkdir(directory, { recursive: true });
  for (const { file, extraFiles } of sampleModels(collection)) {
    using source = openModelFile(file);
    const { rewritten } = readModel(source);
    if (!rewritten) continue;
    writeModelFile(source, rewritten, join(directory, basename(file)));
    for (const extra of extraFiles) await copyFile(extra, join(directory, basename(extra)));
  }
}
