import { mkdir, statfs } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { downloadFile, PARALLEL_CONNECTIONS } from './download-file.ts';
import type { DownloadSource } from './download-source.ts';
import { createGcsClient, type GcsClient, type GcsLookup, type GcsOptions } from './gcs-client.ts';
import { filesAtGeneration, isFolderMarker, newestGeneration, type GcsObject } from './gcs-listing.ts';
import { listTogether } from './gcs-together.ts';
import { checkFileNames, pickModelFile, tooManyFiles, MAX_FILES } from './model-folder.ts';
import type { GcsPath, ModelPath } from './model-path.ts';
import {
  diskFull,
  StorageError,
  type DownloadedModel,
  type DownloadOptions,
  type ModelStat,
  type ModelStore,
} from './model-store.ts';
import { Slots } from './slots.ts';

/** Shortest time between two progress reports. */
const PROGRESS_INTERVAL_MS = 250;

/** The objects a path stands for at one generation; `names` are theirs below the model's folder, in the same order. */
interface Resolved {
  readonly location: string;
  readonly generation: string;
  readonly objects: readonly GcsObject[];
  readonly names: readonly string[];
}

/**
 * Models in Google Cloud Storage, or an emulator of it.
 * Metadata calls are made once (the caller decides about trying again); downloads continue after cut connections by themselves.
 * @throws StorageError ModelAccessDenied when the key given is none
 */
export function createGcsStore(options: GcsOptions = {}): ModelStore {
  const client = createGcsClient(options);
  const { partBytes } = options;
  return {
    async stat(path, { generation, signal } = {}) {
      return toStat(await resolve(client, gcsPath(path), generation, signal));
    },
    async statTogether(paths, { signal } = {}) {
      const gcsPaths = paths.map(gcsPath);
      const listing = await listTogether(client, gcsPaths, signal);
      if (!listing) return undefined;
      const stats: (ModelStat | StorageError)[] = [];
      for (const path of gcsPaths) {
        const object = path.kind === 'gcs' ? listing.find(path.object) : undefined;
        stats.push(object ? toStat(resolvedObject(object)) : await statIn(listing, path, signal));
      }
      return stats;
    },
    async download(path, directory, options = {}) {
      const attempt = async (): Promise<DownloadedModel> => {
        const resolved = await resolve(client, gcsPath(path), options.generation, options.signal);
        return download(client, resolved, join(directory, resolved.generation), { ...options, partBytes });
      };
      try {
        return await attempt();
      } catch (error) {
        if (options.generation || !(error instanceof OverwrittenError)) throw error;
        // The newest was overwritten between looking and reading: the one after it is the newest now.
        return attempt();
      }
    },
  };
}

async function statIn(
  listing: GcsLookup,
  path: GcsPath,
  signal: AbortSignal | undefined,
): Promise<ModelStat | StorageError> {
  try {
    return toStat(await resolve(listing, path, undefined, signal));
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
}

function gcsPath(path: ModelPath): GcsPath {
  if (path.kind === 'gcs' || path.kind === 'gcs-prefix') return path;
  throw new TypeError(`the GCS store was asked for a ${path.kind} path`);
}

async function resolve(
  client: GcsLookup,
  path: GcsPath,
  generation: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Resolved> {
  if (path.kind === 'gcs-prefix') {
    const folder = await resolveFolder(client, path, generation, signal);
    if (folder) return folder;
    throw new StorageError(
      'ModelNotFound',
      `gs://${path.bucket}/${path.prefix} holds no objects: upload the model there or correct the path`,
    );
  }
  const location = `gs://${path.bucket}/${path.object}`;
  const object = await client.getObject({ bucket: path.bucket, name: path.object, generation }, signal);
  if (object) return resolvedObject(object);
  const folder = await resolveFolder(client, { bucket: path.bucket, prefix: `${path.object}/` }, generation, signal);
  if (folder) return folder;
  const live = generation ? await client.getObject({ bucket: path.bucket, name: path.object }, signal) : undefined;
  throw live && generation
    ? new OverwrittenError(location, generation)
    : new StorageError(
        'ModelNotFound',
        `${location} does not exist: bucket ${path.bucket} has no such object; upload it or correct the path`,
      );
}

/** @returns undefined when nothing lies below the prefix */
async function resolveFolder(
  client: GcsLookup,
  { bucket, prefix }: { bucket: string; prefix: string },
  generation: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Resolved | undefined> {
  const location = `gs://${bucket}/${prefix}`;
  const listed = await client.listObjects({ bucket, prefix }, signal);
  if (!listed) {
    throw new StorageError('ModelNotFound', `bucket ${bucket} does not exist: create it or correct the path`);
  }
  if (listed.length > MAX_FILES) throw tooManyFiles(location);
  let objects: readonly GcsObject[] | undefined = listed.filter((object) => !isFolderMarker(object));
  if (objects.length === 0) return undefined;
  if (generation && newestGeneration(objects) !== generation) {
    const versions = await client.listObjects({ bucket, prefix, versions: true }, signal);
    objects = filesAtGeneration(
      (versions ?? []).filter((object) => !isFolderMarker(object)),
      generation,
    );
    if (!objects) throw new OverwrittenError(location, generation);
  }
  const names = objects.map(({ name }) => name.slice(prefix.length));
  return resolved(location, newestGeneration(objects), objects, names);
}

function resolved(
  location: string,
  generation: string,
  objects: readonly GcsObject[],
  names: readonly string[],
): Resolved {
  checkFileNames(names, location);
  if (names.length !== 1 || location.endsWith('/')) pickModelFile(names, location);
  return { location, generation, objects, names };
}

function resolvedObject(object: GcsObject): Resolved {
  return resolved(`gs://${object.bucket}/${object.name}`, object.generation, [object], [posix.basename(object.name)]);
}

class OverwrittenError extends StorageError {
  constructor(location: string, generation: string, cause?: unknown) {
    super(
      'ModelNotFound',
      `generation ${generation} of ${location} is gone: it was overwritten since; use the newest generation, or turn on object versioning for the bucket`,
      { cause },
    );
  }
}

function toStat({ generation, objects, names }: Resolved): ModelStat {
  return {
    generation,
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    files: objects.map((object, index) => ({
      name: names[index] ?? object.name,
      generation: object.generation,
      sizeBytes: object.sizeBytes,
    })),
  };
}

async function download(
  client: GcsClient,
  resolved: Resolved,
  folder: string,
  { sha256, signal, onProgress, partBytes }: DownloadOptions & Pick<GcsOptions, 'partBytes'>,
): Promise<DownloadedModel> {
  const { location, objects, names } = resolved;
  const stat = toStat(resolved);
  await mkdir(folder, { recursive: true });
  await checkDiskSpace(folder, stat.sizeBytes, location);
  const modelName = location.endsWith('/') ? pickModelFile(names, location) : (names[0] ?? '');
  const onBytes = reportProgress(stat.sizeBytes, onProgress);
  const hashes = new Map<string, string>();
  // The first failure stops the others.
  const failed = new AbortController();
  const ends = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const connections = new Slots(PARALLEL_CONNECTIONS);
  const queue = objects.map((object, index) => ({ object, name: names[index] ?? object.name }));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const target = join(folder, next.name);
      await mkdir(dirname(target), { recursive: true });
      const fileOptions = { signal: ends, onBytes, connections, partBytes };
      hashes.set(next.name, await downloadFile(toSource(client, next.object), target, fileOptions));
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL_CONNECTIONS }, work));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  const found = hashes.get(modelName) ?? '';
  if (sha256 && sha256.toLowerCase() !== found) {
    throw new StorageError(
      'ModelChecksumMismatch',
      `${location} has sha256 ${found} but model.sha256 says ${sha256}: correct one of them`,
    );
  }
  return { ...stat, modelFile: join(folder, modelName), sha256: found };
}

function toSource(client: GcsClient, object: GcsObject): DownloadSource {
  const { bucket, name, sizeBytes, crc32c, gzip } = object;
  return {
    location: `gs://${bucket}/${name}`,
    sizeBytes,
    crc32c,
    gzip,
    open: (start, end) => client.openStream(object, start, end),
    classify(error) {
      const failure = client.classify(error, object);
      return failure.reason === 'ModelNotFound'
        ? new OverwrittenError(`gs://${bucket}/${name}`, object.generation, error)
        : failure;
    },
  };
}

async function checkDiskSpace(folder: string, neededBytes: number, location: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (neededBytes > bavail * bsize) throw diskFull(location);
}

function reportProgress(totalBytes: number, onProgress: DownloadOptions['onProgress']): (bytes: number) => void {
  let doneBytes = 0;
  let reportedAtMs = 0;
  return (bytes) => {
    doneBytes += bytes;
    if (doneBytes < totalBytes && performance.now() - reportedAtMs < PROGRESS_INTERVAL_MS) return;
    reportedAtMs = performance.now();
    onProgress?.(doneBytes, totalBytes);
  };
}
