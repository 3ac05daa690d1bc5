import { readFileSync, writeFileSync } from 'node:fs';
import type { V1Deployment } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../../operator/api/labels.ts';
import { makeDesiredResources, type Rollout, type TemplateConfig } from '../../../operator/resources/index.ts';
import { goldenCases } from '../../support/golden.ts';
import { modelDeployment, type Partially } from '../../support/model-deployment.ts';

/** One release, oldest first in the file. */
interface Release {
  readonly version: string;
  /** For the changelog. Wanted where a hash differs from the release before. */
  readonly restartsPodsBecause?: string;
  /** Name of a `*.in.yaml` -> hash of its pod template. */
  readonly hashes: Readonly<Record<string, string>>;
}
interface Input {
  readonly modelDeployment: Partially<ModelDeployment>;
  readonly rollout?: Partial<Rollout>;
  readonly config?: TemplateConfig;
}

const FILE = new URL('template-hashes.yaml', import.meta.url);
const HEAD = `# Hash of the pod template of every *.in.yaml of this folder, by release, with one runtime image for all: another hash means that upgrading
# the operator restarts every pod of every user, even where the image stays. template-hashes.test.ts says what to do then.
`;
/** The image is not what this is about: a release that brings another one restarts pods for good reason. */
const CONFIG: TemplateConfig = { runtimeImage: 'modeldeployment-runtime:0.1.0', storageEmulatorHost: undefined };
const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as Readonly<{ version: string }>;

const WHAT_TO_DO = `
The pod template of an unchanged spec is another one than in release ${VERSION}: upgrading the operator would restart every pod of every user.
- If you did not mean to, find the change: the *.out.yaml beside this test show it.
- If a user's default was to change, change it where only a new setting brings it about.
- If it is worth restarting every pod: raise the version in package.json, run this test with UPDATE_GOLDEN=1, and write into the new entry
  of template-hashes.yaml (restartsPodsBecause) and into CHANGELOG.md why.
A version that was never published may be overwritten by UPDATE_GOLDEN=1.`;

function computeHashes(): Record<string, string> {
  const hashes = goldenCases(import.meta.dirname).map(({ name, input }) => {
    const { modelDeployment: written, rollout, config } = input as Input;
    const object = modelDeployment(written);
    const children = makeDesiredResources(object, { generation: undefined, ...rollout }, config ?? CONFIG);
    const deployment = children.find(({ kind }) => kind === 'Deployment') as V1Deployment;
    return [name, deployment.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? ''] as const;
  });
  return Object.fromEntries(hashes);
}

function readReleases(): readonly Release[] {
  return parse(readFileSync(FILE, 'utf8')) as Release[];
}

describe('pod templates from release to release', () => {
  before(() => {
    if (process.env['UPDATE_GOLDEN'] !== '1') return;
    const releases = readReleases();
    const known = releases.find(({ version }) => version === VERSION);
    const entry = { ...known, version: VERSION, hashes: computeHashes() };
    const next = known ? releases.map((release) => (release === known ? entry : release)) : [...releases, entry];
    writeFileSync(FILE, HEAD + stringify(next, { lineWidth: 0 }));
  });

  it('are those that this version has always made', () => {
    const newest = readReleases().at(-1);
    expect(newest?.version, `add ${VERSION} by UPDATE_GOLDEN=1`).to.equal(VERSION);
    expect(computeHashes(), WHAT_TO_DO).to.deep.equal(newest?.hashes);
  });

  it('change only in a release that says why', () => {
    const releases = readReleases();
    const unexplained = releases.slice(1).flatMap(({ version, restartsPodsBecause, hashes }, index) => {
      const before = releases[index]?.hashes ?? {};
      const changed = Object.keys(hashes).filter((name) => before[name] !== undefined && before[name] !== hashes[name]);
      return restartsPodsBecause ? [] : changed.map((name) => `${version}: ${name}`);
    });
    expect(unexplained).to.deep.equal([]);
  });
});
