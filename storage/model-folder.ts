import { posix } from 'node:path';
import { StorageError } from './model-store.ts';

/** Most files a model's folder may hold: a path that points at more is a whole bucket or home folder, not a model. */
export const MAX_FILES = 1000;
/** Longest file name of the file systems pods use, in bytes. */
const MAX_NAME_BYTES = 255;
/** How many names a message lists. */
const NAMED_IN_MESSAGE = 5;

/**
 * Chooses the model among the files of a folder.
 * @param names `/`-separated names below the folder
 * @param location what the user wrote, for messages
 * @returns the one name that ends in `.onnx`
 * @throws StorageError ModelInvalid when none or several do
 */
export function pickModelFile(names: readonly string[], location: string): string {
  const models = names.filter((name) => name.toLowerCase().endsWith('.onnx'));
  const [model] = models;
  if (model !== undefined && models.length === 1) return model;
  if (models.length > 1) {
    throw new StorageError(
      'ModelInvalid',
      `${location} holds ${models.length} models (${list(models)}): point at one of them, or keep one .onnx in the folder`,
    );
  }
  throw new StorageError(
    'ModelInvalid',
    `${location} holds no .onnx file, only ${list(names)}: export the model to ONNX and upload it there`,
  );
}

/**
 * Refuses names that cannot be files below one folder: absolute, with `.` or `..` or empty segments, too long,
 * or a file where another name needs a folder.
 * @throws StorageError ModelInvalid naming the culprit
 */
export function checkFileNames(names: readonly string[], location: string): void {
  if (names.length > MAX_FILES) throw tooManyFiles(location);
  const files = new Set(names);
  for (const name of names) {
    const problem = nameProblem(name) ?? (hasFileAsFolder(name, files) ? 'is below another file' : undefined);
    if (problem) {
      throw new StorageError('ModelInvalid', `${location} holds "${name}", which ${problem}: rename or remove it`);
    }
  }
}

/** The refusal of a folder with more than MAX_FILES files. */
export function tooManyFiles(location: string): StorageError {
  return new StorageError(
    'ModelInvalid',
    `${location} holds more than ${MAX_FILES} files: point at the model's own folder`,
  );
}

function nameProblem(name: string): string | undefined {
  const segments = name.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'would lie outside the folder';
  }
  if (name.includes('\0')) return 'has a zero byte in its name';
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES)) return 'is too long for a file name';
  return undefined;
}

function hasFileAsFolder(name: string, files: ReadonlySet<string>): boolean {
  for (let folder = posix.dirname(name); folder !== '.'; folder = posix.dirname(folder)) {
    if (files.has(folder)) return true;
  }
  return false;
}

function list(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, NAMED_IN_MESSAGE).join(', ');
  return names.length > NAMED_IN_MESSAGE ? `${shown} and ${names.length - NAMED_IN_MESSAGE} more` : shown;
}
