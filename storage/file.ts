import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { checkFileNames, MAX_FILES, pickModelFile, tooManyFiles } from './model-folder.ts';
import type { ModelPath } from './model-path.ts';
import { StorageError, type ModelStat, type ModelStore, type StoredFile } from './model-store.ts';

/** Files on disk as a model: what a path stands for, and the folder its names are relative to. */
interface Found extends ModelStat {
  readonly folder: string;
  readonly modelName: string;
}

/**
 * Models on disk, also on a mounted PersistentVolumeClaim: a file (its side files lie beside it), or a folder with one `.onnx` below it.
 * Used where they lie, nothing is copied. The generation is the newest modification time in microseconds; an old one cannot be had back.
 */
export function createFileStore(): ModelStore {
  return {
    async stat(path, { generation } = {}) {
      const { sizeBytes, files, generation: found } = await find(path, generation);
      return { generation: found, sizeBytes, files };
    },
    async download(path, _directory, { generation, sha256, signal, onProgress } = {}) {
      const found = await find(path, generation);
      const modelFile = join(found.folder, found.modelName);
      const digest = await hashFile(modelFile, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw toStorageError(error, modelFile);
      });
      if (sha256 && sha256.toLowerCase() !== digest) {
        throw new StorageError(
          'ModelChecksumMismatch',
          `${modelFile} has sha256 ${digest} but model.sha256 says ${sha256}: correct one of them`,
        );
      }
      onProgress?.(found.sizeBytes, found.sizeBytes);
      const { folder: _, modelName: __, ...stat } = found;
      return { ...stat, modelFile, sha256: digest };
    },
  };
}

async function find(path: ModelPath, generation: string | undefined): Promise<Found> {
  if (path.kind !== 'file') throw new TypeError(`the file store was asked for a ${path.kind} path`);
  const location = resolve(path.path);
  let found: Found;
  try {
    const stats = await stat(location, { bigint: true });
    found = stats.isDirectory() ? await findInFolder(location) : oneFile(location, stats);
  } catch (error) {
    throw toStorageError(error, location);
  }
  if (generation && generation !== found.generation) {
    throw new StorageError(
      'ModelNotFound',
      `generation ${generation} of ${location} is gone: the file has changed since; use the newest generation`,
    );
  }
  return found;
}

function oneFile(file: string, stats: BigIntStats): Found {
  if (!stats.isFile()) throw new StorageError('ModelInvalid', `${file} is neither a file nor a folder`);
  const stored = toStoredFile(basename(file), stats);
  const { name, generation, sizeBytes } = stored;
  return { generation, sizeBytes, files: [stored], folder: dirname(file), modelName: name };
}

async function findInFolder(folder: string): Promise<Found> {
  const names = await listFiles(folder);
  checkFileNames(names, folder);
  const modelName = pickModelFile(names, folder);
  const files = await Promise.all(
    names.map(async (name) => toStoredFile(name, await stat(join(folder, name), { bigint: true }))),
  );
  const newest = files.reduce((max, file) => (BigInt(file.generation) > max ? BigInt(file.generation) : max), 0n);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { generation: String(newest), sizeBytes, files, folder, modelName };
}

/** Hidden files and folders are left out: `.git`, `.cache`, and the `..data` links of mounted ConfigMaps. */
async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next, entry.name);
      const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(path)).isFile());
      if (entry.isDirectory()) waiting.push(path);
      else if (isFile) names.push(relative(folder, path).split(sep).join('/'));
      if (names.length + waiting.length > MAX_FILES) throw tooManyFiles(folder);
    }
  }
  return names;
}

function toStoredFile(name: string, stats: BigIntStats): StoredFile {
  return { name, generation: String(stats.mtimeNs / 1000n), sizeBytes: Number(stats.size) };
}

async function hashFile(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  // One buffer for all: garbage outside the heap stays until the heap itself is full, and would be there while the model loads.
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  await using handle = await open(file);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
  }
  return hash.digest('hex');
}

function toStorageError(error: unknown, location: string): StorageError {
  if (error instanceof StorageError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new StorageError('ModelNotFound', `${location} does not exist: correct the path`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new StorageError('ModelAccessDenied', `${location} may not be read: change its permissions`, {
      cause: error,
    });
  }
  return new StorageError('StorageUnavailable', `${location} could not be read (${code ?? 'unknown error'})`, {
    cause: error,
  });
}
