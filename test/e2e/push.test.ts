import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandError, run } from '../../dev/command.ts';
import { IMAGE_NAMES, releaseReference, type ImageName } from '../../dev/images.ts';
import { startImageRegistry, type ImageConfig, type ImageRegistry } from '../support/image-registry.ts';
import { rejectionOf } from '../support/thrown.ts';
import { cluster } from './installation.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFEST_SCRIPT = join(ROOT, 'dev', 'images', 'manifest.sh');
const VERSION = '0.0.1-test';
/** Names of images that go from what built them; the layers stay for the next build. */
const FORGET = `
set -euo pipefail
: "\${IMAGES_DIR:=\${XDG_CACHE_HOME:-$HOME/.cache}/modeldeployment/images}"
die() { echo "$*" >&2; exit 1; }
. dev/images/engine.sh
choose_engine
"$ENGINE" rmi "$@"`;
const OWN_PLATFORM = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' };

/** Of all files, uncompressed. */
const LIMITS_MB = { operator: 200, runtime: 300 } as const;

const EXPECTED = {
  operator: {
    Entrypoint: ['node', '--optimize-for-size', 'dist/bundle/operator/main.js'],
    Env: [
      'PATH=/usr/local/bin',
      'NODE_ENV=production',
      'MALLOC_ARENA_MAX=1',
      'MALLOC_TRIM_THRESHOLD_=131072',
      'MALLOC_MMAP_THRESHOLD_=16384',
      'MALLOC_TOP_PAD_=0',
    ],
  },
  runtime: {
    Entrypoint: ['node', '--max-semi-space-size=8', 'dist/bundle/runtime/main.js'],
    Env: [
      'PATH=/usr/local/bin',
      'NODE_ENV=production',
      'ORT_DISABLE_TELEMETRY=1',
      'MALLOC_TRIM_THRESHOLD_=131072',
      'NODE_COMPILE_CACHE=/app/dist/compile-cache',
      'NODE_COMPILE_CACHE_PORTABLE=1',
    ],
  },
} as const satisfies Record<ImageName, object>;

describe('make push', function () {
  this.timeout(600_000);
  let registry: ImageRegistry;
  const reference = (name: ImageName, tag = VERSION) => releaseReference(name, `${registry.host}/ml`, tag);
  const push = (env: Readonly<Record<string, string>> = {}) =>
    run('make', ['-C', ROOT, 'push'], {
      env: { REGISTRY: `${registry.host}/ml`, VERSION, ...registry.env, ...env },
    });

  before(async function () {
    // Where the images are given, nothing on this machine has to be able to build them.
    if (!cluster().isOurs) this.skip();
    registry = await startImageRegistry();
    await push();
  });
  after(async () => {
    if (!cluster().isOurs) return;
    await run('bash', ['-c', `cd '${ROOT}'; ${FORGET}`, 'forget', ...IMAGE_NAMES.map((name) => reference(name))]);
    await registry.stop();
  });

  for (const name of IMAGE_NAMES) {
    describe(`of the ${name}`, () => {
      let byDigest: string;
      before(async () => {
        const digest = (await registry.crane('digest', reference(name))).trim();
        byDigest = `${reference(name).replace(`:${VERSION}`, '')}@${digest}`;
      });

      it('makes an image that can be pulled by its digest, every layer as its hash says', async () => {
        expect(await registry.crane('validate', '--remote', byDigest)).to.match(/^PASS/);
      });

      it('makes it run as its Dockerfile says', async () => {
        const { config, ...platform } = JSON.parse(await registry.crane('config', byDigest)) as ImageConfig;
        const { User, WorkingDir, Entrypoint, Env } = config;
        expect({ User, WorkingDir, Entrypoint, Env }).to.deep.equal({
          User: '65532:65532',
          WorkingDir: '/app',
          ...EXPECTED[name],
        });
        expect(platform).to.include(OWN_PLATFORM);
      });

      it('labels it with what it is, its version and its commit', async () => {
        const { config } = JSON.parse(await registry.crane('config', byDigest)) as ImageConfig;
        expect(config.Labels).to.include({
          'org.opencontainers.image.title': `modeldeployment-${name}`,
          'org.opencontainers.image.licenses': 'Apache-2.0',
          'org.opencontainers.image.version': VERSION,
        });
        const commit = (await run('git', ['-C', ROOT, 'rev-parse', 'HEAD'])).trim();
        expect(config.Labels['org.opencontainers.image.revision']).to.match(new RegExp(`^${commit}(-dirty)?$`));
      });

      it('holds what it lists, no shell, and stays below its limit', async () => {
        const files = await registry.filesOf(byDigest);
        const names = files.map(({ name }) => name);
        expect(names).to.include.members(['app/sbom.cdx.json', 'usr/local/bin/node']);
        expect(names.filter((path) => /(^|\/)s?bin\/((ba|da)?sh|npm|apt|dpkg)$/.test(path))).to.deep.equal([]);
        const megabytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6;
        expect(megabytes).to.be.below(LIMITS_MB[name]);
      });
    });
  }

  it('pushes a list under the name of the release for several platforms', async () => {
    // The second platform is a label here: building for it would need another machine.
    const other = OWN_PLATFORM.architecture === 'amd64' ? 'arm64' : 'amd64';
    const list = reference('runtime', 'list');
    await registry.crane(
      'mutate',
      reference('runtime'),
      '--set-platform',
      `linux/${other}`,
      '--tag',
      `${list}-${other}`,
    );
    await run('bash', [MANIFEST_SCRIPT, list, reference('runtime'), `${list}-${other}`], { env: registry.env });
    const { manifests } = JSON.parse(await registry.crane('manifest', list)) as {
      manifests: { digest: string; platform: { architecture: string; os: string } }[];
    };
    const digestOf = async (tag: string) => (await registry.crane('digest', tag)).trim();
    expect(manifests.map(({ digest, platform }) => ({ digest, ...platform }))).to.have.deep.members([
      { digest: await digestOf(reference('runtime')), ...OWN_PLATFORM },
      { digest: await digestOf(`${list}-${other}`), os: 'linux', architecture: other },
    ]);
  });

  it('says why it cannot build for a platform whose programs do not run here, and pushes nothing for it', async function () {
    if (process.arch !== 'x64' || existsSync('/proc/sys/fs/binfmt_misc/qemu-aarch64')) this.skip();
    const { message } = await rejectionOf(CommandError, push({ PLATFORMS: 'linux/arm64', VERSION: '0.0.2-test' }));
    expect(message).to.match(
      /cannot build for linux\/arm64, because .*: install an emulator .*, or leave it out of PLATFORMS/,
    );
    const tags = await registry.crane('ls', reference('operator').replace(`:${VERSION}`, ''));
    expect(tags.trim().split('\n')).to.deep.equal([VERSION]);
  });
});
