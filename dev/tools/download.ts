import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ToolArchive } from './archives.ts';
import { fillOnce } from './cache.ts';
import type { Report } from './cache.ts';

const RESPONSE_TIMEOUT_MS = 10_000;

/** An archive could not be had: the network, or bytes that are not the pinned ones. The programs can still be built. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
}

/** Whether a ready-made archive exists for this machine. */
export function isReleasedHere(archive: ToolArchive): boolean {
  return archive.platforms[platform()] !== undefined;
}

/** The finished folder of an archive's programs. */
export function archiveDirectory(archive: ToolArchive, cacheDirectory: string): string {
  return join(cacheDirectory, `${archive.name}-${archive.version}-released-${platform()}`);
}

/**
 * Downloads an archive, compares its checksum with the pinned one before anything in it is touched, and keeps its programs.
 * @throws DownloadError
 */
export async function downloadArchive(archive: ToolArchive, directory: string, report: Report): Promise<void> {
  const source = archive.platforms[platform()];
  if (source === undefined) throw new DownloadError(`there is no ${archive.name} archive for ${platform()}`);
  const activity = `downloading ${archive.name} ${archive.version}`;
  await fillOnce({
    directory,
    activity,
    report,
    async fill(temporary, setDetail) {
      report(`${activity}: ${archive.sizeMegabytes} MB from ${new URL(source.url).host}, kept in ${directory}`);
      const file = join(temporary, basename(source.url));
      const checksum = await fetchTo(source.url, file, {
        algorithm: source.checksum.split('-', 1)[0]!,
        onProgress: (bytes) => setDetail(`${Math.round(bytes / 1e6)} of about ${archive.sizeMegabytes} MB`),
      });
      if (checksum !== source.checksum) {
        throw new DownloadError(`${source.url} does not have the pinned checksum ${source.checksum}, but ${checksum}`);
      }
      await unpack(file, archive, temporary);
      await rm(file);
    },
  });
}

function platform(): string {
  return `${process.platform}-${process.arch}`;
}

interface Fetch {
  readonly algorithm: string;
  readonly onProgress: (bytes: number) => void;
}

/** @returns the checksum of what was written, `<algorithm>-<hex>`. */
async function fetchTo(url: string, file: string, { algorithm, onProgress }: Fetch): Promise<string> {
  const hash = createHash(algorithm);
  let bytes = 0;
  const abort = new AbortController();
  const noAnswer = setTimeout(() => abort.abort(new Error('no answer')), RESPONSE_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(noAnswer);
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        onProgress((bytes += chunk.length));
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), measure, createWriteStream(file));
  } catch (error) {
    throw new DownloadError(`${url} cannot be downloaded: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(noAnswer);
  }
  return `${algorithm}-${hash.digest('hex')}`;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

async function unpack(file: string, archive: ToolArchive, directory: string): Promise<void> {
  const members = archive.programs.map((name) => (archive.folder === '' ? name : `${archive.folder}/${name}`));
  const unpacked = join(directory, 'unpacked');
  await mkdir(unpacked);
  try {
    await promisify(execFile)('tar', ['-xzf', file, '-C', unpacked, ...members]);
  } catch (error) {
    throw new DownloadError(`${basename(file)} cannot be unpacked with \`tar\``, { cause: error });
  }
  for (const name of archive.programs) {
    await rename(join(unpacked, archive.folder, name), join(directory, name));
    await chmod(join(directory, name), 0o755);
  }
  await rm(unpacked, { recursive: true });
}
