import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '..', '..');

/** Prints how many modules of client-node are loaded, how many of them are its generated classes, and what a kubeconfig says. */
const SCRIPT = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
const { default: dotI } = await import('@dot-i/k8s-operator');
const { ApiServerConnection } = await import('./operator/cluster/connection.ts');
const { KubeConfig } = await import('@kubernetes/client-node');
const kubeConfig = new KubeConfig();
kubeConfig.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1' }, { name: 'u', token: 't' });
new ApiServerConnection(kubeConfig);
const ours = loaded.filter((url) => url.includes('/@kubernetes/client-node/'));
const generated = ours.filter((url) => /\\/gen\\/(models|apis|types)\\//.test(url));
console.log(JSON.stringify({ modules: ours.length, generated: generated.length,
  server: kubeConfig.getCurrentCluster().server, operator: typeof new dotI.default().start }));
`;

async function load(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', SCRIPT],
    { cwd: ROOT },
  );
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('lean imports of client-node', function () {
  this.timeout(60_000);

  it('loads none of its generated classes, and its kubeconfig works', async () => {
    const lean = await load('--import', './operator/lean-imports.ts');
    expect(lean).to.deep.include({ generated: 0, server: 'https://127.0.0.1:1', operator: 'function' });
    expect(lean['modules']).to.be.below(30);
  });

  it('works without them too', async () => {
    expect(await load()).to.deep.include({ server: 'https://127.0.0.1:1', operator: 'function' });
  });
});
