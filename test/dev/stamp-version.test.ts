import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import {
  parseVersion,
  releaseNotes,
  ReleaseError,
  STAMPED_FILES,
  stampVersion,
  type StampedFile,
} from '../../dev/release/stamp-version.ts';
import { thrownBy } from '../support/thrown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RELEASE = { version: '41.7.3-rc.1', date: '2026-01-31' };
const read = (file: StampedFile) => readFileSync(join(ROOT, file), 'utf8');
const lines = (text: string) => text.split('\n');

describe('stampVersion', () => {
  for (const [file, expected] of [
    ['package.json', ['  "version": "41.7.3-rc.1",']],
    ['package-lock.json', ['  "version": "41.7.3-rc.1",', '      "version": "41.7.3-rc.1",']],
    ['charts/modeldeployment/Chart.yaml', ['version: 41.7.3-rc.1', 'appVersion: 41.7.3-rc.1']],
    ['operator/config.ts', ["export const DEFAULT_RUNTIME_IMAGE = 'modeldeployment-runtime:41.7.3-rc.1';"]],
    ['runtime/version.ts', ["export const VERSION = '41.7.3-rc.1';"]],
    ['python/pyproject.toml', ['version = "41.7.3-rc.1"']],
    ['python/src/modeldeployment/__init__.py', ['__version__ = "41.7.3-rc.1"']],
  ] as const) {
    it(`changes the version in ${file} and nothing else`, () => {
      const before = lines(read(file));
      const after = lines(stampVersion(file, read(file), RELEASE));
      expect(after).to.have.lengthOf(before.length);
      expect(after.filter((line, index) => line !== before[index])).to.deep.equal(expected);
    });
  }

  it('knows every file that says the version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const says = new RegExp(`["':]\\s?${version.replaceAll('.', '\\.')}["']?[;,]?$`, 'm');
    const files = ['operator', 'runtime', 'storage', 'cli', 'charts', 'python/src'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(ts|py|ya?ml|toml)$/.test(entry.name))
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
    );
    const saying = files.filter((file) => says.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(saying).to.include.members([
      'charts/modeldeployment/Chart.yaml',
      'operator/config.ts',
      'runtime/version.ts',
    ]);
    expect(saying.filter((file) => !STAMPED_FILES.some((known) => known === file))).to.deep.equal([]);
  });

  it('leaves what is stamped already as it is', () => {
    for (const file of STAMPED_FILES) {
      const once = stampVersion(file, read(file), RELEASE);
      expect(stampVersion(file, once, RELEASE), file).to.equal(once);
    }
  });

  it('moves what is unreleased under the version', () => {
    expect(
      stampVersion('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n- new\n\n## 1.0.0\n\n- old\n', RELEASE),
    ).to.equal('# Changelog\n\n## Unreleased\n\n## 41.7.3-rc.1 - 2026-01-31\n\n- new\n\n## 1.0.0\n\n- old\n');
  });

  for (const [name, file, text, message] of [
    [
      'a changelog with nothing new',
      'CHANGELOG.md',
      '## Unreleased\n\n## 1.0.0\n\n- old\n',
      /nothing under "## Unreleased"/,
    ],
    ['a file without a version', 'package.json', '{}', /package\.json does not say the version/],
    ['a lock file that says it once', 'package-lock.json', '{\n  "version": "1"\n}', /package-lock\.json does not say/],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(thrownBy(ReleaseError, () => stampVersion(file, text, RELEASE)).message).to.match(message);
    });
  }
});

describe('parseVersion', () => {
  for (const version of ['1.2.3', '0.0.1', '10.20.30-rc.1']) {
    it(`takes ${version}`, () => expect(parseVersion(version)).to.equal(version));
  }
  for (const version of ['', 'v1.2.3', '1.2', '01.2.3', '1.2.3+build', '1.2.3 ', 'latest']) {
    it(`refuses "${version}"`, () => {
      expect(thrownBy(ReleaseError, () => parseVersion(version)).message).to.include('write VERSION=1.2.3');
    });
  }
});

describe('releaseNotes', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 1.1.0 - 2026-02-01\n\n- second\n- third\n\n## 1.1.0-rc.1\n\n- first\n';
  it('are what the changelog says of the version', () => {
    expect(releaseNotes(changelog, '1.1.0')).to.equal('- second\n- third\n');
    expect(releaseNotes(changelog, '1.1.0-rc.1')).to.equal('- first\n');
  });
  for (const version of ['1.1', '2.0.0', 'Unreleased']) {
    it(`refuse ${version}, of which it says nothing`, () => {
      expect(thrownBy(ReleaseError, () => releaseNotes(changelog, version)).message).to.include('make version');
    });
  }
});
