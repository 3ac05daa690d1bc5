import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { renderChart } from '../../../dev/chart.ts';
import { projectVersion } from '../../../dev/images.ts';
import { makeRelease } from '../../../dev/release/make-release.ts';
import { ReleaseError } from '../../../dev/release/stamp-version.ts';
import { rejectionOf } from '../../support/thrown.ts';

const REGISTRY = 'registry.example.com/ml';

describe('a release', function () {
  this.timeout(120_000);
  let folder: string;
  let version: string;
  let names: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modeldeployment-release-'));
    version = await projectVersion();
    names = await makeRelease({ version, registry: REGISTRY, folder, changelog: `## ${version}\n\n- all of it\n` });
  });
  after(() => rm(folder, { recursive: true }));
  const read = (name: string) => readFile(join(folder, name), 'utf8');

  it('has these files', () => {
    expect(names).to.deep.equal([
      'install-namespaced.yaml',
      'install.yaml',
      `modeldeployment-${version}.tgz`,
      'release-notes.md',
      'sbom.cdx.json',
      'SHA256SUMS',
    ]);
  });

  it('names the images of the version everywhere', async () => {
    const operator = `${REGISTRY}/modeldeployment-operator:${version}`;
    const runtime = `${REGISTRY}/modeldeployment-runtime:${version}`;
    const chart = await renderChart({}, join(folder, `modeldeployment-${version}.tgz`));
    for (const yaml of [await read('install.yaml'), await read('install-namespaced.yaml'), chart]) {
      const images = parseAllDocuments(yaml)
        .map(
          (document) => document.toJS() as { kind: string; spec: { template: { spec: { containers: Container[] } } } },
        )
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ spec }) => spec.template.spec.containers[0]!)
        .map(({ image, env }) => [image, env.find(({ name }) => name === 'RUNTIME_IMAGE')?.value]);
      expect(images).to.deep.equal([[operator, runtime]]);
    }
  });

  it('lists the packages that are in the images, and none of development', async () => {
    const { bomFormat, components } = JSON.parse(await read('sbom.cdx.json')) as {
      bomFormat: string;
      components: { name: string; purl: string }[];
    };
    expect(bomFormat).to.equal('CycloneDX');
    const packages = components.map(({ name }) => name);
    expect(packages).to.include.members(['koa', 'onnxruntime-node', 'pino', '@google-cloud/storage']);
    expect(packages).to.not.include.members(['mocha']).and.not.include('typescript');
  });

  it('has the checksum of every file', async () => {
    const lines = (await read('SHA256SUMS')).trimEnd().split('\n');
    expect(lines).to.have.lengthOf(names.length - 1);
    for (const line of lines) {
      const [sum, name] = line.split('  ') as [string, string];
      const bytes = await readFile(join(folder, name));
      expect(createHash('sha256').update(bytes).digest('hex'), name).to.equal(sum);
    }
  });

  for (const [name, options, message] of [
    [
      'another version than the sources say',
      { version: '99.0.0', registry: REGISTRY },
      /run make version VERSION=99\.0\.0/,
    ],
    ['what is no version', { version: 'v1', registry: REGISTRY }, /"v1" is no version/],
    ['no registry', { registry: '' }, /set REGISTRY/],
    [
      'a changelog that says nothing of it',
      { registry: REGISTRY, changelog: '## Unreleased\n' },
      /CHANGELOG\.md says nothing/,
    ],
  ] as const) {
    it(`is not made of ${name}`, async () => {
      const made = makeRelease({ version, folder: join(folder, 'none'), ...options });
      expect((await rejectionOf(ReleaseError, made)).message).to.match(message);
    });
  }
});

interface Container {
  readonly image: string;
  readonly env: readonly { name: string; value?: string }[];
}
