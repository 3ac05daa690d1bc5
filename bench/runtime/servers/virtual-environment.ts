import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../../dev/cache-directory.ts';

/** What the pinned packages are known to install on. */
const PYTHONS = ['python3.11', 'python3'];
const INSTALL_TIMEOUT_MS = 900_000;

/** Whoever cannot be installed here cannot be compared with. */
export class NotInstallableError extends Error {}

/**
 * Python of a virtual environment with the packages of a file, installed from PyPI into the cache when it is not there yet.
 * @param requirements path of a requirements.txt
 * @throws NotInstallableError with the last line that pip printed
 */
export async function pythonWith(name: string, requirements: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheDirectory(), 'bench', 'python', `${name}-${hash}`);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, '.complete');
  if (spawnSync('test', ['-e', complete]).status === 0) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const base = PYTHONS.find((command) => spawnSync(command, ['--version']).status === 0);
  if (base === undefined) throw new NotInstallableError(`there is no ${PYTHONS.join(' or ')}`);
  run(base, ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  await writeFile(complete, '');
  return python;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS });
  if (status === 0) return;
  throw new NotInstallableError(stderr?.trim().split('\n').at(-1) ?? `${command} did not end in time`, {
    cause: error,
  });
}
