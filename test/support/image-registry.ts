import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../dev/command.ts';
import { removeAtExit, startGuarded } from '../../dev/guarded-process.ts';
import { ensureTools } from '../../dev/tools.ts';
import { eventually } from './eventually.ts';

/** What an image runs as (OCI image specification, config.md). */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User: string;
    readonly WorkingDir: string;
    readonly Entrypoint: readonly string[];
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
}

/** A registry on loopback, without encryption or passwords. */
export interface ImageRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Environment in which podman takes it as it is; docker takes loopback without being told. */
  readonly env: Readonly<Record<string, string>>;
  /** The registry's client. @returns standard output @throws CommandError */
  crane(...args: readonly string[]): Promise<string>;
  /** The files of an image; names have no slash in front. */
  filesOf(reference: string): Promise<{ name: string; sizeBytes: number }[]>;
  stop(): Promise<void>;
}

/** Starts an empty one; its images go with it. */
export async function startImageRegistry(): Promise<ImageRegistry> {
  const { crane } = await ensureTools(['crane']);
  const directory = await mkdtemp(join(tmpdir(), 'modeldeployment-registry-'));
  removeAtExit(directory);
  const logFile = join(directory, 'log');
  const images = join(directory, 'images');
  await mkdir(images);
  const server = await startGuarded(crane, ['registry', 'serve', '--address', '127.0.0.1:0', '--disk', images], {
    logFile,
  });
  const port = await eventually(async () => {
    const match = /serving on port (\d+)/.exec(await readFile(logFile, 'utf8'));
    if (!match) throw new Error('the registry does not say its port');
    return match[1]!;
  });
  const host = `127.0.0.1:${port}`;
  const settings = join(directory, 'registries.conf');
  await writeFile(settings, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  return {
    host,
    env: { CONTAINERS_REGISTRIES_CONF: settings },
    crane: (...args) => run(crane, args),
    filesOf: async (reference) => {
      const list = 'set -o pipefail; "$0" export "$1" - | tar -tv --numeric-owner';
      const lines = (await run('bash', ['-c', list, crane, reference])).trimEnd().split('\n');
      // -rw-r--r-- 0/0 123 2026-01-01 00:00 app/package.json
      return lines.map((line) => {
        const [, , size, , , name = ''] = line.split(/ +/);
        return { name: name.replace(/^\.?\//, ''), sizeBytes: Number(size) };
      });
    },
    stop: () => server.stop(),
  };
}
