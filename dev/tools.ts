/**
 * Makes sure that the programs of the test bed exist: `node dev/tools.ts etcd kube-apiserver` prints the folders they are in,
 * one a line; progress goes to standard error. Looked for in this order:
 * 1. the folder `KUBEBUILDER_ASSETS`, when set;
 * 2. the cache (`$XDG_CACHE_HOME` or `~/.cache`, `modeldeployment/tools/`), one folder per version, platform and way of making it;
 * 3. released archives with pinned checksums, when they can be reached;
 * 4. built from the Go modules beside this file (see tools/README.md).
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ToolArchive } from './tools/archives.ts';
import { TOOL_ARCHIVES } from './tools/archives.ts';
import { buildDirectory, buildModule, ToolError } from './tools/build.ts';
import type { Report } from './tools/cache.ts';
import { toolCacheDirectory } from './tools/cache.ts';
import { archiveDirectory, DownloadError, downloadArchive, isReleasedHere } from './tools/download.ts';
import type { ProgramName } from './tools/programs.ts';
import { moduleOf, PROGRAM_NAMES } from './tools/programs.ts';

export { ToolError } from './tools/build.ts';
export type { ProgramName } from './tools/programs.ts';

export interface ToolOptions {
  /** Default: this process's. Read: KUBEBUILDER_ASSETS, XDG_CACHE_HOME. */
  readonly env?: NodeJS.ProcessEnv;
  /** One line of progress. Default: standard error. */
  readonly report?: Report;
  /** Released archives to consider. Default: the pinned ones. */
  readonly archives?: readonly ToolArchive[];
}

/**
 * The absolute path of every named program, made first where needed (seconds when cached, up to ten minutes when built).
 * @throws ToolError that says what to install or set
 */
export async function ensureTools<Name extends ProgramName>(
  names: readonly Name[],
  options: ToolOptions = {},
): Promise<Record<Name, string>> {
  const search = new ToolSearch(names, options);
  await search.takeFromAssets();
  await search.takeFromCache();
  if (!search.isComplete) await search.download();
  if (!search.isComplete) await search.build();
  return search.paths();
}

class ToolSearch {
  readonly #names: readonly ProgramName[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #report: Report;
  readonly #archives: readonly ToolArchive[];
  readonly #cacheDirectory: string;
  readonly #found = new Map<ProgramName, string>();

  constructor(names: readonly ProgramName[], options: ToolOptions) {
    this.#names = names;
    this.#env = options.env ?? process.env;
    this.#report = options.report ?? ((line) => process.stderr.write(`tools: ${line}\n`));
    this.#archives = (options.archives ?? TOOL_ARCHIVES).filter(isReleasedHere);
    this.#cacheDirectory = toolCacheDirectory(this.#env);
  }

  get #missing(): ProgramName[] {
    return this.#names.filter((name) => !this.#found.has(name));
  }

  get isComplete(): boolean {
    return this.#missing.length === 0;
  }

  paths(): Record<string, string> {
    return Object.fromEntries(this.#names.map((name) => [name, this.#found.get(name)!]));
  }

  async takeFromAssets(): Promise<void> {
    const assets = this.#env['KUBEBUILDER_ASSETS'];
    if (!assets) return;
    await this.#take(() => assets);
    if (['etcd', 'kube-apiserver', 'kubectl'].some((name) => this.#missing.includes(name as ProgramName))) {
      this.#report(`KUBEBUILDER_ASSETS=${assets} has no ${this.#missing.join(', ')}: looking elsewhere`);
    }
  }

  async takeFromCache(): Promise<void> {
    await this.#take((name) => buildDirectory(moduleOf(name), this.#cacheDirectory));
    for (const archive of this.#archives) await this.#takeFromArchive(archive);
  }

  async download(): Promise<void> {
    for (const archive of this.#archives) {
      if (!archive.programs.some((name) => this.#missing.includes(name))) continue;
      try {
        await downloadArchive(archive, archiveDirectory(archive, this.#cacheDirectory), this.#report);
        await this.#takeFromArchive(archive);
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        this.#report(error.message);
      }
    }
  }

  async build(): Promise<void> {
    for (const module of new Set(this.#missing.map(moduleOf))) {
      const directory = await buildDirectory(module, this.#cacheDirectory);
      await buildModule(module, directory, { env: this.#env, report: this.#report }).catch((error: unknown) => {
        if (!(error instanceof ToolError)) throw error;
        throw new ToolError(`${error.message}${this.#alternative()}`, { cause: error });
      });
      await this.#take((name) => (moduleOf(name) === module ? directory : undefined));
    }
  }

  #alternative(): string {
    const ready = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'fake-gcs-server'] as ProgramName[];
    const wanted = this.#missing.filter((name) => ready.includes(name));
    if (wanted.length === 0) return '';
    return `\nor set KUBEBUILDER_ASSETS to a folder that holds ${wanted.join(', ')}`;
  }

  #takeFromArchive(archive: ToolArchive): Promise<void> {
    const directory = archiveDirectory(archive, this.#cacheDirectory);
    return this.#take((name) => (archive.programs.includes(name) ? directory : undefined));
  }

  async #take(directoryOf: (name: ProgramName) => Promise<string> | string | undefined): Promise<void> {
    for (const name of this.#missing) {
      const directory = await directoryOf(name);
      if (directory !== undefined && (await isExecutable(join(directory, name)))) {
        this.#found.set(name, join(directory, name));
      }
    }
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.filter((name) => !PROGRAM_NAMES.includes(name as ProgramName));
  if (args.length === 0 || unknown.length > 0) {
    const problem = unknown.length > 0 ? `unknown: ${unknown.join(', ')}\n` : '';
    throw new ToolError(`${problem}usage: node dev/tools.ts PROGRAM...\nprograms: ${PROGRAM_NAMES.join(', ')}`);
  }
  const paths = await ensureTools(args as ProgramName[]);
  for (const directory of new Set(Object.values(paths).map((path) => dirname(path)))) console.log(directory);
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    if (!(error instanceof ToolError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
