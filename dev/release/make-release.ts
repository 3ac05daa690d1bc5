import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { CHART, packageChart } from '../chart.ts';
import { run } from '../command.ts';
import { projectVersion, releaseReference } from '../images.ts';
import { renderInstallYaml } from '../install-yaml.ts';
import { parseVersion, releaseNotes, ReleaseError } from './stamp-version.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface ReleaseOptions {
  readonly version: string;
  /** Where the images lie, such as `registry.example.com/ml`. */
  readonly registry: string;
  /** Made anew. */
  readonly folder: string;
  /** Default: CHANGELOG.md. */
  readonly changelog?: string;
}

/**
 * Makes every file of a release but the images, and publishes nothing: install YAML, chart, list of components, notes,
 * checksums.
 * @returns the names of the files
 * @throws ReleaseError when sources and version do not agree; CommandError
 */
export async function makeRelease(options: ReleaseOptions): Promise<string[]> {
  const { version, registry, folder } = options;
  await assertReleasable(version, registry);
  const changelog = options.changelog ?? (await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'));
  const notes = releaseNotes(changelog, version);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await write('release-notes.md', notes);
  const images = {
    operatorImage: releaseReference('operator', registry, version),
    runtimeImage: releaseReference('runtime', registry, version),
  };
  await write('install.yaml', await renderInstallYaml(images));
  await write('install-namespaced.yaml', await renderInstallYaml({ ...images, folder: 'namespaced' }));
  await releaseChart({ version, registry, folder });
  await write('sbom.cdx.json', await listComponents());
  const names = (await readdir(folder)).sort();
  await write('SHA256SUMS', (await Promise.all(names.map((name) => checksumLine(folder, name)))).join(''));
  return [...names, 'SHA256SUMS'];
}

async function assertReleasable(version: string, registry: string): Promise<void> {
  parseVersion(version);
  if (registry === '') throw new ReleaseError('set REGISTRY to where the images are: clusters pull them from there');
  const stamped = await projectVersion();
  if (stamped === version) return;
  throw new ReleaseError(`package.json says ${stamped}, not ${version}: run make version VERSION=${version} first`);
}

/** The chart with the registry as its default. */
async function releaseChart({ version, registry, folder }: ReleaseOptions): Promise<void> {
  const copy = join(folder, 'chart');
  await cp(CHART, copy, { recursive: true, dereference: true });
  const values = parseDocument(await readFile(join(copy, 'values.yaml'), 'utf8'));
  values.setIn(['image', 'registry'], registry);
  await writeFile(join(copy, 'values.yaml'), values.toString({ lineWidth: 0 }));
  await packageChart(copy, version, folder);
  await rm(copy, { recursive: true });
}

/** CycloneDX, of both images together. */
function listComponents(): Promise<string> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--omit', 'dev'];
  return run('npm', ['--prefix', ROOT, '--loglevel', 'error', ...args, '--package-lock-only']);
}

async function checksumLine(folder: string, name: string): Promise<string> {
  const bytes = await readFile(join(folder, name));
  return `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`;
}
