/**
 * `REGISTRY=... [VERSION=...] [PLATFORMS='linux/amd64 linux/arm64'] node dev/release/images.ts [push]` builds (and pushes) the
 * images of a release. With several platforms each has a tag of its own, and the release's tag is the list of them.
 */
import { join } from 'node:path';
import { CommandError, run } from '../command.ts';
import { buildImage, IMAGE_NAMES, projectVersion, releaseReference, type ImageName } from '../images.ts';
import { step } from '../progress.ts';

const MANIFEST_SCRIPT = join(import.meta.dirname, '..', 'images', 'manifest.sh');

/** One build of an image. */
export interface ImageBuild {
  readonly name: ImageName;
  readonly reference: string;
  /** Such as `linux/arm64`; undefined: this machine's. */
  readonly platform: string | undefined;
}

export interface ReleaseImages {
  readonly builds: readonly ImageBuild[];
  /** References that stand for several builds. */
  readonly lists: readonly { readonly reference: string; readonly of: readonly string[] }[];
}

/** What is to be built for some platforms. Pure. @param platforms empty: this machine's */
export function releaseImages(registry: string, version: string, platforms: readonly string[]): ReleaseImages {
  const images = IMAGE_NAMES.map((name) => {
    const reference = releaseReference(name, registry, version);
    if (platforms.length < 2) return { reference, builds: [{ name, reference, platform: platforms[0] }] };
    const tagged = (platform: string) =>
      `${reference}-${platform.slice(platform.indexOf('/') + 1).replaceAll('/', '-')}`;
    return { reference, builds: platforms.map((platform) => ({ name, reference: tagged(platform), platform })) };
  });
  return {
    builds: images.flatMap(({ builds }) => builds),
    lists: images
      .filter(({ builds }) => builds.length > 1)
      .map(({ reference, builds }) => ({ reference, of: builds.map((build) => build.reference) })),
  };
}

async function main(isPush: boolean): Promise<void> {
  const version = process.env['VERSION'] || (await projectVersion());
  const platforms = (process.env['PLATFORMS'] ?? '').split(/[\s,]+/).filter((platform) => platform !== '');
  const { builds, lists } = releaseImages(process.env['REGISTRY'] ?? '', version, platforms);
  const labels = { VERSION: version, REVISION: await revision() };
  for (const { name, reference, platform } of builds) {
    const env = { ...labels, ...(platform !== undefined && { PLATFORM: platform }) };
    await step(`${isPush ? 'Pushing' : 'Building'} ${reference}`, (setDetail) =>
      buildImage(name, isPush ? [reference, 'push'] : [reference], { env, setDetail }),
    );
  }
  if (!isPush) return;
  for (const { reference, of } of lists) {
    await step(`Pushing ${reference}`, () => run('bash', [MANIFEST_SCRIPT, reference, ...of]));
  }
}

/** The commit, marked when there are changes beside it; empty where there is no git. */
async function revision(): Promise<string> {
  try {
    const commit = (await run('git', ['rev-parse', 'HEAD'])).trim();
    return (await run('git', ['status', '--porcelain'])) === '' ? commit : `${commit}-dirty`;
  } catch (error) {
    if (error instanceof CommandError) return '';
    throw error;
  }
}

if (import.meta.main) {
  await main(process.argv.includes('push')).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
