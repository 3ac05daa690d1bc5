import { createModelStore } from '../../storage/index.ts';
import { parseModelPath } from '../../storage/model-path.ts';
import { StorageError } from '../../storage/model-store.ts';
import type { Check } from './checks.ts';

const TIMEOUT_MS = 10_000;

/**
 * Whether the models can be read from this machine, with the person's own credentials. Pods read as another account: what they
 * may is told by the condition ModelResolved.
 */
export async function checkStorage(paths: readonly string[], emulatorHost: string | undefined): Promise<Check[]> {
  const store = createModelStore({ emulatorHost });
  return Promise.all(
    paths.map(async (path): Promise<Check> => {
      const name = 'storage';
      if (path.startsWith('pvc://'))
        return { name, result: 'skipped', text: `${path} can only be read in the cluster` };
      try {
        const { generation } = await store.stat(parseModelPath(path), { signal: AbortSignal.timeout(TIMEOUT_MS) });
        return { name, result: 'ok', text: `${path} can be read from here, generation ${generation}` };
      } catch (error) {
        return { name, ...failureOf(error, path) };
      }
    }),
  );
}

function failureOf(error: unknown, path: string): Omit<Check, 'name'> {
  const message = error instanceof Error ? error.message : String(error);
  const isDenied = error instanceof StorageError && error.reason === 'ModelAccessDenied';
  return {
    result: isDenied ? 'warning' : 'failed',
    text: `${message}${isDenied ? ' (as you; pods may read as another account)' : ''}`,
    next: isDenied ? 'gcloud auth application-default login' : `gcloud storage ls ${path}`,
  };
}
