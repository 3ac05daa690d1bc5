import { createFileStore } from './file.ts';
import type { GcsOptions } from './gcs-client.ts';
import type { ModelPath } from './model-path.ts';
import type { ModelStore } from './model-store.ts';

/**
 * One store for every kind of path. The GCS client (0.2 s and 25 MB to load) is loaded when the first `gs://` path is asked for.
 * A `pvc` path is only known to the operator, which mounts the claim: a pod gets the path on disk.
 */
export function createModelStore(options: GcsOptions = {}): ModelStore {
  const files = createFileStore();
  let gcs: Promise<ModelStore> | undefined;
  const storeOf = async (path: ModelPath): Promise<ModelStore> => {
    if (path.kind === 'file') return files;
    gcs ??= import('./gcs.ts').then(({ createGcsStore }) => createGcsStore(options));
    return gcs;
  };
  return {
    stat: async (path, options) => (await storeOf(path)).stat(path, options),
    statTogether: async (paths, options) => paths[0] && (await storeOf(paths[0])).statTogether?.(paths, options),
    download: async (path, directory, options) => (await storeOf(path)).download(path, directory, options),
  };
}
