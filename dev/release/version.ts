/** `VERSION=1.2.3 node dev/release/version.ts` writes the version of the next release into every file that says it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVersion, ReleaseError, STAMPED_FILES, stampVersion } from './stamp-version.ts';

const ROOT = join(import.meta.dirname, '..', '..');

async function main(): Promise<void> {
  const version = parseVersion(process.env['VERSION'] ?? '');
  const date = new Date().toISOString().slice(0, 10);
  const texts = await Promise.all(
    STAMPED_FILES.map(async (file) => {
      const text = await readFile(join(ROOT, file), 'utf8');
      return { file, text: stampVersion(file, text, { version, date }) };
    }),
  );
  for (const { file, text } of texts) await writeFile(join(ROOT, file), text);
  console.log(`${STAMPED_FILES.join(', ')} say ${version}: commit them and tag the commit v${version}`);
}

await main().catch((error: unknown) => {
  if (!(error instanceof ReleaseError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
