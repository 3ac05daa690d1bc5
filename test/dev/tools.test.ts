import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureTools, ToolError } from '../../dev/tools.ts';
import type { ToolArchive } from '../../dev/tools/archives.ts';
import { buildDirectory, isAtLeast } from '../../dev/tools/build.ts';
import { moduleOf } from '../../dev/tools/programs.ts';
import { rejectionOf } from '../support/thrown.ts';

/** Stands in for Go: answers `go env` and, for `go build`, notes the call and writes a program. */
const fakeGo = (
  version: string,
  build = 'for last; do :; done; echo "$last" >>"$GO_CALLS"; printf "#!/bin/sh\\n" >"$7"; chmod +x "$7"',
) =>
  `#!/bin/sh
if [ "$1" = env ]; then printf '%s\\nlocal\\n' ${version}; exit; fi
${build}
`;

describe('ensureTools', () => {
  let directory: string;
  let env: NodeJS.ProcessEnv;
  let reported: string[];
  let server: Server | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'modeldeployment-tools-test-'));
    mkdirSync(join(directory, 'path'));
    reported = [];
    env = {
      PATH: `${join(directory, 'path')}:/usr/bin:/bin`,
      XDG_CACHE_HOME: join(directory, 'cache'),
      GO_CALLS: join(directory, 'calls'),
    };
  });

  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    await rm(directory, { recursive: true, force: true });
  });

  const report = (line: string) => void reported.push(line);
  const toolFolders = () => readdirSync(join(directory, 'cache', 'modeldeployment', 'tools'));

  function install(folder: string, name: string, script = '#!/bin/sh\n'): void {
    mkdirSync(join(directory, folder), { recursive: true });
    writeFileSync(join(directory, folder, name), script);
    chmodSync(join(directory, folder, name), 0o755);
  }

  /** Serves an archive that holds `tool/<names>`; the checksum is right unless told. */
  async function release(names: string[], checksum?: string): Promise<ToolArchive> {
    for (const name of names) install('tool', name, `#!/bin/sh\necho ${name} from the archive\n`);
    const bytes = execFileSync('tar', ['-cz', '-C', directory, 'tool']);
    server = createServer((_request, response) => response.end(bytes));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool.tar.gz`;
    const platforms = {
      [`${process.platform}-${process.arch}`]: {
        url,
        checksum: checksum ?? `sha512-${createHash('sha512').update(bytes).digest('hex')}`,
      },
    };
    return {
      name: 'test',
      version: 'v1',
      programs: names as ToolArchive['programs'],
      folder: 'tool',
      sizeMegabytes: 1,
      platforms,
    };
  }

  describe('with KUBEBUILDER_ASSETS', () => {
    it('takes what the folder holds', async () => {
      install('assets', 'etcd');
      env['KUBEBUILDER_ASSETS'] = join(directory, 'assets');
      expect(await ensureTools(['etcd'], { env, report })).to.deep.equal({ etcd: join(directory, 'assets', 'etcd') });
      expect(reported).to.deep.equal([]);
    });

    it('says what is missing there and makes it', async () => {
      install('assets', 'etcd');
      install('path', 'go', fakeGo('go9.9.9'));
      env['KUBEBUILDER_ASSETS'] = join(directory, 'assets');
      const tools = await ensureTools(['etcd', 'kubectl'], { env, report, archives: [] });
      expect(tools.etcd).to.equal(join(directory, 'assets', 'etcd'));
      expect(tools.kubectl).to.match(/\/cache\/modeldeployment\/tools\/kube-v.*\/kubectl$/);
      expect(reported[0]).to.equal(`KUBEBUILDER_ASSETS=${directory}/assets has no kubectl: looking elsewhere`);
    });
  });

  describe('by download', () => {
    it('keeps the programs of an archive with the pinned checksum', async () => {
      const archive = await release(['etcd', 'kubectl']);
      const { etcd } = await ensureTools(['etcd'], { env, report, archives: [archive] });
      expect(execFileSync(etcd, { encoding: 'utf8' })).to.equal('etcd from the archive\n');
      expect(readdirSync(join(etcd, '..')).sort()).to.deep.equal(['etcd', 'kubectl']);
    });

    it('does not ask the network again', async () => {
      const archive = await release(['etcd', 'kubectl']);
      await ensureTools(['etcd'], { env, report, archives: [archive] });
      server!.closeAllConnections();
      server!.close();
      reported = [];
      await ensureTools(['etcd', 'kubectl'], { env, report, archives: [archive] });
      expect(reported).to.deep.equal([]);
    });

    it('leaves bytes with another checksum alone and builds instead', async () => {
      install('path', 'go', fakeGo('go9.9.9'));
      const archive = await release(['etcd'], `sha512-${'0'.repeat(128)}`);
      const { etcd } = await ensureTools(['etcd'], { env, report, archives: [archive] });
      expect(execFileSync(etcd, { encoding: 'utf8' })).to.equal('');
      expect(reported.join('\n')).to.include('does not have the pinned checksum');
      expect(toolFolders().map((name) => name.split('-')[0])).to.deep.equal(['etcd']);
    });

    it('builds when the server does not answer with the archive', async () => {
      install('path', 'go', fakeGo('go9.9.9'));
      const archive = await release(['etcd']);
      server!.removeAllListeners('request').on('request', (_request, response) => response.writeHead(503).end());
      await ensureTools(['etcd'], { env, report, archives: [archive] });
      expect(reported.join('\n')).to.include('cannot be downloaded: HTTP 503');
    });
  });

  describe('by building', () => {
    it('links every Kubernetes program to the one executable', async () => {
      install('path', 'go', fakeGo('go9.9.9'));
      const names = ['kube-apiserver', 'kubectl', 'kube-controller-manager'] as const;
      const tools = await ensureTools(names, { env, report, archives: [] });
      expect(Object.keys(tools)).to.deep.equal([...names]);
      expect(readFileSync(env['GO_CALLS']!, 'utf8')).to.equal('.\n');
    });

    it('builds once for two that ask at the same time', async () => {
      install('path', 'go', fakeGo('go9.9.9'));
      const [one, two] = await Promise.all([
        ensureTools(['etcd'], { env, report, archives: [] }),
        ensureTools(['etcd'], { env, report, archives: [] }),
      ]);
      expect(one).to.deep.equal(two);
      expect(readFileSync(env['GO_CALLS']!, 'utf8').trim().split('\n')).to.have.lengthOf(1);
    });

    it('takes over from a process that died half-way', async () => {
      install('path', 'go', fakeGo('go9.9.9'));
      const finished = await buildDirectory(moduleOf('etcd'), join(directory, 'cache', 'modeldeployment', 'tools'));
      mkdirSync(`${finished}.0badc0de.tmp`, { recursive: true });
      writeFileSync(`${finished}.lock`, '');
      const longAgo = new Date(Date.now() - 3_600_000);
      utimesSync(`${finished}.lock`, longAgo, longAgo);
      const { etcd } = await ensureTools(['etcd'], { env, report, archives: [] });
      expect(etcd).to.equal(join(finished, 'etcd'));
      expect(toolFolders()).to.have.lengthOf(1);
    });

    it('asks for Go, or KUBEBUILDER_ASSETS, when there is none', async () => {
      env['PATH'] = join(directory, 'path');
      const error = await rejectionOf(ToolError, ensureTools(['etcd'], { env, report, archives: [] }));
      expect(error.message).to.match(/no `go` on the PATH: install Go 1\.\d+\.\d+ or newer/);
      expect(error.message).to.include('or set KUBEBUILDER_ASSETS to a folder that holds etcd');
    });

    it('asks for a newer Go when it is too old', async () => {
      install('path', 'go', fakeGo('go1.20.1'));
      const error = await rejectionOf(ToolError, ensureTools(['etcd'], { env, report, archives: [] }));
      expect(error.message).to.include('go1.20.1 is too old for it');
    });

    it('shows what a failing build said and leaves nothing behind', async () => {
      install('path', 'go', fakeGo('go9.9.9', 'echo "main.go:1: undefined: x" >&2; exit 1'));
      const error = await rejectionOf(ToolError, ensureTools(['etcd'], { env, report, archives: [] }));
      expect(error.message).to.include('main.go:1: undefined: x');
      expect(toolFolders()).to.deep.equal([]);
    });
  });
});

describe('isAtLeast', () => {
  for (const [version, wanted, expected] of [
    ['go1.26.8', '1.26.8', true],
    ['go1.26.8', '1.26', true],
    ['go1.27', '1.26.8', true],
    ['go2.0', '1.99.9', true],
    ['go1.26', '1.26.8', false],
    ['go1.9.9', '1.26', false],
    ['go1.26rc1', '1.26.0', true],
  ] as const) {
    it(`${version} ${expected ? 'is' : 'is not'} at least ${wanted}`, () => {
      expect(isAtLeast(version, wanted)).to.equal(expected);
    });
  }
});
