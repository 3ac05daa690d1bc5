import { constants } from 'node:fs';
import { access, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from './guarded-process.ts';

/** A new folder that is removed when this process has ended, however it ends; in memory where the system has a place for that. */
export async function throwAwayDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(join(await memoryBackedDirectory(), `modeldeployment-${name}-`));
  removeAtExit(directory);
  return directory;
}

/** Small data that is written often, such as etcd's, costs neither time nor disk there. */
async function memoryBackedDirectory(): Promise<string> {
  try {
    await access('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
