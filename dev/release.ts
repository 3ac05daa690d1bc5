/** `REGISTRY=... [VERSION=...] node dev/release.ts` makes the files of a release in release/VERSION. It publishes nothing. */
import { join } from 'node:path';
import { projectVersion } from './images.ts';
import { makeRelease } from './release/make-release.ts';
import { ReleaseError } from './release/stamp-version.ts';

async function main(): Promise<void> {
  const version = process.env['VERSION'] || (await projectVersion());
  const folder = join('release', version);
  const names = await makeRelease({ version, registry: process.env['REGISTRY'] ?? '', folder });
  for (const name of names) console.log(join(folder, name));
}

await main().catch((error: unknown) => {
  if (!(error instanceof ReleaseError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
