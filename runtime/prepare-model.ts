import { constants } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ModelFailure } from './errors.ts';
import { openModelFile, writeModelFile } from './model-file.ts';
import { readModel } from './onnx/read-model.ts';
import type { ExternalDataFile, PreparedModel } from './onnx/signature.ts';

/** A model as onnxruntime can load it. */
export interface PlacedModel {
  readonly prepared: PreparedModel;
  /** The file to load: the original, or a rewritten copy with its external data beside it. */
  readonly file: string;
  /** File and external data. */
  readonly sizeBytes: number;
  /** Removes what was written, once the file is loaded. */
  remove(): Promise<void>;
}

/**
 * Reads what a model says, checks that its external data is there, and writes the rewritten file where one is needed.
 * The original and its folder stay as they are.
 * @param directory where a folder for the rewritten file may be made
 * @throws ModelFailure
 */
export async function prepareModel(modelFile: string, directory: string): Promise<PlacedModel> {
  using source = openModelFile(modelFile);
  const prepared = readModel(source);
  const data = await Promise.all(prepared.externalData.map((file) => findExternalData(dirname(modelFile), file)));
  const sizeBytes = data.reduce((sum, file) => sum + file.sizeBytes, source.size);
  const inside = (await realpath(dirname(modelFile))) + sep;
  if (!prepared.rewritten && data.every((file) => file.path.startsWith(inside) && file.sizeBytes > 0)) {
    return { prepared, file: modelFile, sizeBytes, remove: async () => {} };
  }
  // onnxruntime takes external data only from the folder of the file it loads, and follows no link out of it.
  await mkdir(directory, { recursive: true });
  const folder = await mkdtemp(join(directory, 'prepared-'));
  for (const found of data) await placeData(found, join(folder, found.location));
  const file = join(folder, basename(modelFile));
  if (prepared.rewritten) writeModelFile(source, prepared.rewritten, file);
  else await linkOrCopy(await realpath(modelFile), file);
  return { prepared, file, sizeBytes, remove: () => rm(folder, { recursive: true, force: true }) };
}

interface FoundData {
  readonly location: string;
  /** Without links. */
  readonly path: string;
  readonly sizeBytes: number;
}

async function findExternalData(folder: string, { location, minBytes }: ExternalDataFile): Promise<FoundData> {
  const path = join(folder, location);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new ModelFailure(
      'ExternalDataMissing',
      `the model keeps its weights in "${location}", which is not beside it: upload that file into the same folder and let model.path name the folder`,
    );
  }
  if (found.size < minBytes) {
    throw new ModelFailure(
      'ModelInvalid',
      `"${location}" has ${found.size} bytes but the model's weights in it need ${minBytes}: upload it again, together with the .onnx file of the same export`,
    );
  }
  return { location, path: await realpath(path), sizeBytes: found.size };
}

/** onnxruntime 1.30 ends the process (SIGABRT) when it maps an empty file, which holds tensors without elements: it gets a byte that nobody reads. */
async function placeData({ path, sizeBytes }: FoundData, to: string): Promise<void> {
  if (sizeBytes > 0) return linkOrCopy(path, to);
  await mkdir(dirname(to), { recursive: true });
  return writeFile(to, new Uint8Array(1));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
  } catch {
    // Another file system, or one without hard links.
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}
