import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';
import { CommandError, run } from './command.ts';
import { step } from './progress.ts';

/**
 * A virtual environment with the pinned packages of a requirements file, made once and kept in the cache folder for as long as neither the file nor
 * the interpreter changes.
 * @param requirements path of the file
 * @param interpreter what the environment is made by
 * @returns the environment's folder; its programs are in `bin`
 * @throws CommandError when there is no Python 3 with `venv`, or a package cannot be installed
 */
export async function pythonEnvironment(requirements: string, interpreter = 'python3'): Promise<string> {
  const pinned = await readFile(requirements, 'utf8');
  const version = await pythonVersion(interpreter);
  const hash = createHash('sha256').update(version).update(pinned).digest('hex').slice(0, 16);
  const folder = join(cacheDirectory(), 'python', hash);
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(cacheDirectory(), 'python'), { recursive: true });
  await step(`Python packages of ${requirements}`, async (setDetail) => {
    await run(interpreter, ['-m', 'venv', folder], { onLine: setDetail });
    const pip = join(folder, 'bin', 'pip');
    await run(pip, ['install', '--disable-pip-version-check', '--requirement', requirements], { onLine: setDetail });
    await mkdir(ready);
  });
  return folder;
}

async function pythonVersion(interpreter: string): Promise<string> {
  try {
    return await run(interpreter, ['-c', 'import sys, venv, ensurepip; print(sys.version)']);
  } catch (cause) {
    const hint = 'Python 3.10 or newer with its venv module is needed (Debian: apt-get install python3-venv)';
    throw new CommandError(`${hint}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [requirements] = positionals;
  if (requirements === undefined) throw new Error('usage: node dev/python-environment.ts requirements.txt');
  // What is shown goes to standard error: the folder is the answer.
  console.log = console.error;
  process.stdout.write(`${await pythonEnvironment(requirements)}\n`);
}
