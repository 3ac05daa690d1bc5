import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Report } from './cache.ts';
import { fillOnce } from './cache.ts';
import type { ToolModule } from './programs.ts';

const MODULES_DIRECTORY = import.meta.dirname;
/** Kubernetes programs refuse to work together when they do not know their version; harmless for the others. */
const versionFlag = (kubernetesVersion: string) =>
  `-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`;
const GO_OS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };
const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** A program cannot be had; the message says what the person at the keyboard can do. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** The finished folder of a module's programs: its name changes with the pinned versions and with how they are built. */
export async function buildDirectory(module: ToolModule, cacheDirectory: string): Promise<string> {
  const source = join(MODULES_DIRECTORY, module.folder);
  const hash = createHash('sha256').update(JSON.stringify([module.builds, module.links, module.tags, versionFlag('')]));
  const sources = (await readdir(source)).filter((file) => /^go\.(mod|sum)$|\.go$/.test(file));
  for (const file of sources.sort()) hash.update(await readFile(join(source, file)));
  const version = await pinnedVersion(module);
  const parts = [module.folder, version, hash.digest('hex').slice(0, 8), process.platform, process.arch];
  return join(cacheDirectory, parts.filter((part) => part !== undefined).join('-'));
}

export interface BuildOptions {
  /** What Go is found and run with. */
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Builds all programs of a module into its cache folder, unless they are there. @throws ToolError */
export async function buildModule(module: ToolModule, directory: string, { env, report }: BuildOptions): Promise<void> {
  const goVersion = await checkGo(module, env);
  const version = (await pinnedVersion(module)) ?? '';
  const activity = `building ${module.folder} ${version}`.trim();
  await fillOnce({
    directory,
    activity,
    report,
    async fill(temporary, setDetail) {
      report(`${activity} with ${goVersion}: ${module.firstBuild} the first time, kept in ${directory}`);
      for (const [file, goPackage] of Object.entries(module.builds)) {
        await goBuild({ module, goPackage, output: join(temporary, file), env, setDetail });
      }
      for (const name of module.links?.names ?? []) await symlink(module.links!.to, join(temporary, name));
    },
  });
}

async function pinnedVersion(module: ToolModule): Promise<string | undefined> {
  if (module.versionOf === undefined) return undefined;
  const line = (await goMod(module)).split('\n').find((line) => line.includes(`${module.versionOf} v`));
  const version = line?.split(' ').find((word) => /^v\d/.test(word));
  if (version === undefined) throw new Error(`dev/tools/${module.folder}/go.mod does not require ${module.versionOf}`);
  return version;
}

function goMod(module: ToolModule): Promise<string> {
  return readFile(join(MODULES_DIRECTORY, module.folder, 'go.mod'), 'utf8');
}

/** @throws ToolError when there is no Go, or one that can neither build the module nor fetch a newer one. */
async function checkGo(module: ToolModule, env: NodeJS.ProcessEnv): Promise<string> {
  const needed = /^go (\S+)$/m.exec(await goMod(module))![1]!;
  const ask = `install Go ${needed} or newer (https://go.dev/dl)`;
  let answer: string;
  try {
    // Outside any module, because inside one an old Go already fails, or fetches a newer one, to answer this.
    answer = (await promisify(execFile)('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: '/', env })).stdout;
  } catch (error) {
    throw new ToolError(`${module.folder} has to be built, and there is no \`go\` on the PATH: ${ask}`, {
      cause: error,
    });
  }
  const [version = '', toolchain = ''] = answer.split('\n');
  const fetchesNewer = toolchain !== 'local' && isAtLeast(version, '1.21');
  if (isAtLeast(version, needed) || fetchesNewer) return version;
  throw new ToolError(`${module.folder} has to be built, and ${version} is too old for it: ${ask}`);
}

/** Compares `go1.26.8` or `1.26` with a wanted version, by number. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string) =>
    text
      .replace(/^go/, '')
      .split('.')
      .map((part) => Number.parseInt(part, 10) || 0);
  const [have, want] = [numbers(version), numbers(wanted)];
  for (let i = 0; i < 3; i += 1) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

interface GoBuild {
  readonly module: ToolModule;
  readonly goPackage: string;
  readonly output: string;
  readonly env: NodeJS.ProcessEnv;
  readonly setDetail: (detail: string) => void;
}

async function goBuild({ module, goPackage, output, env, setDetail }: GoBuild): Promise<void> {
  const kubernetes = await kubernetesVersion();
  const args = ['build', '-trimpath', '-v', '-ldflags', versionFlag(kubernetes), '-o', output];
  if (module.tags !== undefined) args.push('-tags', module.tags);
  const child = spawn('go', [...args, goPackage], {
    cwd: join(MODULES_DIRECTORY, module.folder),
    env: {
      ...env,
      CGO_ENABLED: '0',
      GOFLAGS: '-buildvcs=false -mod=readonly',
      GOWORK: 'off',
      GOOS: GO_OS[process.platform],
      GOARCH: GO_ARCH[process.arch],
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const tail: string[] = [];
  let compiled = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail.push(line);
    if (tail.length > 20) tail.shift();
    if (line.startsWith('go: downloading ')) setDetail(line.slice('go: '.length));
    else setDetail(`${(compiled += 1)} packages compiled`);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode === 0) return;
  throw new ToolError(`\`go build ${goPackage}\` in dev/tools/${module.folder} failed:\n${tail.join('\n')}`);
}

async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(MODULES_DIRECTORY, 'kube', 'go.mod'), 'utf8');
  return /k8s\.io\/kubernetes (v\S+)/.exec(text)![1]!;
}
