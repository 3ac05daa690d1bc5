import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..', '..');

/** What each image is compiled from. */
const SOURCES = {
  operator: ['operator', 'storage', 'runtime/contract.ts'],
  runtime: ['runtime', 'storage'],
} as const;

function sourceFiles(path: string): string[] {
  const whole = join(ROOT, path);
  if (statSync(whole).isFile()) return [whole];
  return readdirSync(whole, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Names of the packages whose values a file imports. */
function packagesOf(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm,
  );
  return [...statements]
    .filter(([, type]) => type === undefined)
    .map(([, , from, dynamic]) => (from ?? dynamic)!)
    .filter((specifier) => !specifier.startsWith('node:'))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);
}

const dockerfile = (name: string) => readFileSync(join(ROOT, `Dockerfile.${name}`), 'utf8');

describe('Dockerfiles', () => {
  for (const [name, sources] of Object.entries(SOURCES)) {
    it(`install for the ${name} the packages that its code imports`, () => {
      const argument = /^ARG PACKAGES="([^"]+)"/m.exec(dockerfile(name))![1]!;
      const kept = argument.replaceAll('\\', ' ').trim().split(/\s+/);
      const imported = new Set(sources.flatMap(sourceFiles).flatMap(packagesOf));
      expect(kept).to.have.members([...imported]);
      expect(Object.keys(packageJson.dependencies)).to.include.members(kept);
    });
  }

  it('begin with the same stages, so that a builder makes them once', () => {
    const firstStage = (name: string) => /^FROM[^]*?\n\n/m.exec(dockerfile(name))![0];
    expect(firstStage('operator')).to.equal(firstStage('runtime'));
  });
});
