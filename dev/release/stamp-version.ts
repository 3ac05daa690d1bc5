/** The places that say the version, and how a new one is written into them. */
export const STAMPED_FILES = [
  'package.json',
  'package-lock.json',
  'charts/modeldeployment/Chart.yaml',
  'operator/config.ts',
  'runtime/version.ts',
  'python/pyproject.toml',
  'python/src/modeldeployment/__init__.py',
  'CHANGELOG.md',
] as const;
export type StampedFile = (typeof STAMPED_FILES)[number];

/** A version or a changelog that no release can be made of. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
}

/** https://semver.org, without build metadata, which image tags cannot hold. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** @returns the version @throws ReleaseError */
export function parseVersion(text: string): string {
  if (VERSION.test(text)) return text;
  throw new ReleaseError(`"${text}" is no version: write VERSION=1.2.3 or VERSION=1.2.3-rc.1, without a v`);
}

/** Where each file says it, and how often, counted from its start. */
const PLACES: Readonly<Record<Exclude<StampedFile, 'CHANGELOG.md'>, { pattern: RegExp; times: number }>> = {
  'package.json': { pattern: /(?<=^  "version": ")[^"]+/gm, times: 1 },
  // The top, and the first package, which is the project itself.
  'package-lock.json': { pattern: /(?<=^ {2,6}"version": ")[^"]+/gm, times: 2 },
  'charts/modeldeployment/Chart.yaml': { pattern: /(?<=^(?:version|appVersion): ).+/gm, times: 2 },
  'operator/config.ts': { pattern: /(?<=modeldeployment-runtime:)[^']+/g, times: 1 },
  'runtime/version.ts': { pattern: /(?<=VERSION = ')[^']+/g, times: 1 },
  'python/pyproject.toml': { pattern: /(?<=^version = ")[^"]+/gm, times: 1 },
  'python/src/modeldeployment/__init__.py': { pattern: /(?<=^__version__ = ")[^"]+/gm, times: 1 },
};

/**
 * The text of one of STAMPED_FILES for that version. Pure.
 * @param release date: `2026-01-31`
 * @throws ReleaseError
 */
export function stampVersion(file: StampedFile, text: string, release: { version: string; date: string }): string {
  const { version, date } = release;
  if (file === 'CHANGELOG.md') return stampChangelog(text, version, date);
  const { pattern, times } = PLACES[file];
  let found = 0;
  const stamped = text.replace(pattern, (old) => ((found += 1) <= times ? version : old));
  if (found < times) throw new ReleaseError(`${file} does not say the version where it is expected`);
  return stamped;
}

/** What the changelog says of a version. @throws ReleaseError when that is nothing */
export function releaseNotes(changelog: string, version: string): string {
  const heading = sectionHeading(version);
  const section = changelog.split(/^(?=## )/m).find((part) => heading.test(part));
  const notes = section?.replace(/^.*\n/, '').trim();
  if (notes) return `${notes}\n`;
  throw new ReleaseError(`CHANGELOG.md says nothing of ${version}: run make version VERSION=${version} first`);
}

/** Moves what is unreleased under the version. A version that is there already stays as it is. */
function stampChangelog(text: string, version: string, date: string): string {
  if (text.split('\n').some((line) => sectionHeading(version).test(line))) return text;
  if (!/^## Unreleased\n+- /m.test(text))
    throw new ReleaseError('CHANGELOG.md has nothing under "## Unreleased" to release');
  return text.replace(/^## Unreleased\n/m, `## Unreleased\n\n## ${version} - ${date}\n`);
}

function sectionHeading(version: string): RegExp {
  return new RegExp(`^## ${version.replaceAll('.', '\\.')}(?: |$)`, 'm');
}
