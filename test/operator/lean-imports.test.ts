import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Prints how many modules of client-node, undici and gaxios are loaded, how many of them are generated classes, what a kubeconfig says, and
 * what a server answers.
 */
const SCRIPT = `
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
const { default: dotI } = await import('@dot-i/k8s-operator');
const { ApiServerConnection } = await import('./operator/cluster/connection.ts');
const { KubeConfig } = await import('@kubernetes/client-node');
const kubeConfig = new KubeConfig();
kubeConfig.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1' }, { name: 'u', token: 't' });
const { server } = kubeConfig.getCurrentCluster();
const answering = createServer((request, response) => response.end(JSON.stringify([request.url, request.headers.authorization])));
await new Promise((resolve) => answering.listen(0, '127.0.0.1', resolve));
kubeConfig.getCurrentCluster().server = 'http://127.0.0.1:' + answering.address().port + '/prefix/';
kubeConfig.getCurrentCluster().skipTLSVerify = true;
const answer = await new ApiServerConnection(kubeConfig).request({ method: 'GET', path: '/version?a=b' });
answering.close();
answering.closeAllConnections();
const ours = loaded.filter((url) => url.includes('/@kubernetes/client-node/'));
const generated = ours.filter((url) => /\\/gen\\/(models|apis|types)\\//.test(url));
const undici = loaded.filter((url) => url.includes('/undici/')).length;
const gaxios = loaded.filter((url) => url.includes('/gaxios/')).length;
console.log(JSON.stringify({ modules: ours.length, generated: generated.length, undici, gaxios, server, answer: answer.body, operator: typeof new dotI.default().start }));
`;

async function load(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', SCRIPT],
    { cwd: ROOT },
  );
  return JSON.parse(stdout) as Record<string, unknown>;
}

const WORKS = {
  server: 'https://127.0.0.1:1',
  answer: ['/prefix/version?a=b', 'Bearer t'],
  operator: 'function',
};

describe('lean imports of client-node and undici', function () {
  this.timeout(60_000);

  it('loads none of its generated classes, and its kubeconfig works', async () => {
    const lean = await load('--import', './operator/lean-imports.ts');
    expect(lean).to.deep.include({ generated: 0, gaxios: 0, ...WORKS });
    expect(lean['modules']).to.be.below(30);
    expect(lean['undici']).to.be.below(50);
  });

  it('works without them too', async () => {
    expect(await load()).to.deep.include(WORKS);
  });
});
