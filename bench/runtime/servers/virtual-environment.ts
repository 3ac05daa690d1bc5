import { join } from 'node:path';
import { CommandError, run } from '../../../dev/command.ts';
import { pythonEnvironment } from '../../../dev/python-environment.ts';

/** What the pinned packages are known to install on. */
const PYTHONS = ['python3.11', 'python3'];

/** Whoever cannot be installed here cannot be compared with. */
export class NotInstallableError extends Error {}

/**
 * Python of a virtual environment with the packages of a file, installed from PyPI into the cache when it is not there yet.
 * @param name of who needs it
 * @param requirements path of a requirements.txt
 * @throws NotInstallableError with the last line that pip printed
 */
export async function pythonWith(name: string, requirements: string): Promise<string> {
  try {
    return join(await pythonEnvironment(requirements, await interpreter()), 'bin', 'python');
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new NotInstallableError(`${name}: ${cause.message.split('\n').at(-1)}`, { cause });
  }
}

async function interpreter(): Promise<string> {
  for (const command of PYTHONS) {
    const works = await run(command, ['--version']).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  throw new CommandError(`there is no ${PYTHONS.join(' or ')}`);
}
