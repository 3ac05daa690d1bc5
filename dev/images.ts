/** The project's two images and where they come from. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import type { Image } from './cluster/cluster.ts';
import { run } from './command.ts';
import type { SetDetail } from './progress.ts';
import { exists } from './tools/cache.ts';

const ROOT = join(import.meta.dirname, '..');
const BUILD_SCRIPT = join(import.meta.dirname, 'images', 'build.sh');
const SAID = 'build.sh: ';
/** Archives of an image in the cache: about 200 MB each. */
const ARCHIVES_KEPT = 4;
const COMMON_INPUTS = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'storage',
];

export type ImageName = 'operator' | 'runtime';
export const IMAGE_NAMES = ['operator', 'runtime'] as const satisfies readonly ImageName[];

/** What the Dockerfile of each copies. */
const INPUTS: Readonly<Record<ImageName, readonly string[]>> = {
  operator: ['Dockerfile.operator', ...COMMON_INPUTS, 'operator', 'runtime/contract.ts'],
  runtime: [
    'Dockerfile.runtime',
    ...COMMON_INPUTS,
    'runtime',
    'dev/images',
    'test/models/fixtures/iris-lr-strings.onnx',
  ],
};

/**
 * An image of this checkout, built unless one of the same content is there already: its tag is the hash of what goes in, so
 * a change rolls pods over and no change does not.
 */
export async function ensureImage(name: ImageName, setDetail: SetDetail = () => {}): Promise<Image> {
  const directory = join(cacheDirectory(), 'images');
  await mkdir(directory, { recursive: true });
  const tag = await hashFiles(INPUTS[name]);
  const reference = `localhost/modeldeployment-${name}:${tag}`;
  const archive = join(directory, `modeldeployment-${name}-${tag}.tar`);
  if (!(await exists(archive))) await buildImage(name, [reference, archive], { setDetail });
  await keepLatelyUsed(directory, `modeldeployment-${name}-`, archive);
  return { reference, archive };
}

/** The name an image of a release has. @param registry such as `registry.example.com/ml`; empty: none */
export function releaseReference(name: ImageName, registry: string, version: string): string {
  return `${registry ? `${registry.replace(/\/$/, '')}/` : ''}modeldeployment-${name}:${version}`;
}

/** `version` of package.json. */
export async function projectVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Runs images/build.sh. @param args as there, after the name @param options env: further settings of the script */
export async function buildImage(
  name: ImageName,
  args: readonly string[],
  { env = {}, setDetail }: { env?: Readonly<Record<string, string>>; setDetail: SetDetail },
): Promise<void> {
  await run('bash', [BUILD_SCRIPT, name, ...args], {
    env: { IMAGES_DIR: join(cacheDirectory(), 'images'), ...env },
    onLine: (line) => {
      setDetail(line);
      // What the script itself says; the rest is the builder's.
      if (line.startsWith(SAID)) console.log(`    ${line.slice(SAID.length)}`);
    },
  });
}

/** 12 hex digits that change with any of these files, or files in these folders. */
async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesBelow(join(ROOT, path))) {
      hash.update(`${relative(ROOT, file)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

async function filesBelow(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Marks an archive as used now, and removes those of the same image that were used longest ago. Other checkouts share the folder, so the
 * last few stay.
 * @param prefix of the names of the image's archives
 */
export async function keepLatelyUsed(directory: string, prefix: string, used: string): Promise<void> {
  const now = new Date();
  await utimes(used, now, now);
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix) && name.endsWith('.tar'));
  const archives = await Promise.all(names.map((name) => usedAt(join(directory, name))));
  const oldest = archives.sort((a, b) => b.usedAtMs - a.usedAtMs).slice(ARCHIVES_KEPT);
  for (const { path } of oldest) await rm(path, { force: true });
}

async function usedAt(path: string): Promise<{ path: string; usedAtMs: number }> {
  // Another checkout may remove it meanwhile.
  const stats = await stat(path).catch(() => undefined);
  return { path, usedAtMs: stats?.mtimeMs ?? 0 };
}
