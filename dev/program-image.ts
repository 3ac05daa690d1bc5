import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import type { Image } from './cluster/cluster.ts';
import { run } from './command.ts';
import { ensureTools, type ProgramName } from './tools.ts';
import { exists } from './tools/cache.ts';

const STATIC_IMAGE_SCRIPT = join(import.meta.dirname, 'images', 'static-image.sh');

/**
 * A program of the test bed under the name of its published image, from the same pinned version of its source: for clusters that
 * cannot pull.
 */
export async function ensureProgramImage(program: ProgramName, reference: string): Promise<Image> {
  const { [program]: binary } = await ensureTools([program], { report: (line) => console.log(`    ${line}`) });
  const directory = join(cacheDirectory(), 'images');
  const archive = join(directory, `${reference.replaceAll(/[^\w.-]/g, '-')}.tar`);
  await mkdir(directory, { recursive: true });
  if (!(await exists(archive))) await run('bash', [STATIC_IMAGE_SCRIPT, binary, reference, archive]);
  return { reference, archive };
}
