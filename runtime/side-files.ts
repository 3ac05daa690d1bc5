import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ModelFailure } from './errors.ts';
import type { Label } from './onnx/signature.ts';
import { LABELS_FILE, parseLabelsFile } from './presentation/label-sources.ts';

/** File beside the model with requests and the answers it must give. */
export const GOLDEN_FILE = 'golden.json';
/** Larger ones are no list of labels and no handful of examples: 16 MiB. */
const MAX_SIDE_FILE_BYTES = 16 * 1024 * 1024;

/** What lies beside a model and is about it. */
export interface SideFiles {
  readonly labels: readonly Label[] | undefined;
  /** Text of golden.json. */
  readonly golden: string | undefined;
}

/**
 * Reads labels.json and golden.json in the folder of the `.onnx` file, where they exist.
 * @throws ModelFailure ModelInvalid when one cannot be used
 */
export async function readSideFiles(modelFile: string): Promise<SideFiles> {
  const folder = dirname(modelFile);
  const [labels, golden] = await Promise.all([readText(folder, LABELS_FILE), readText(folder, GOLDEN_FILE)]);
  return { labels: labels === undefined ? undefined : parseLabelsFile(labels), golden };
}

async function readText(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > MAX_SIDE_FILE_BYTES) {
    throw new ModelFailure('ModelInvalid', `${name} beside the model has more than 16 MiB: keep a few rows only`);
  }
  return readFile(path, 'utf8');
}
