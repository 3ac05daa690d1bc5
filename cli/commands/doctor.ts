import { ENV } from '../../runtime/contract.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { connect } from '../cluster/connect.ts';
import type { Invocation } from '../command.ts';
import { checkApiServer, checkDefinition, checkOperator, type Check } from '../doctor/checks.ts';
import { checkPermissions } from '../doctor/permissions.ts';
import { checkStorage } from '../doctor/storage.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { hang } from '../layout.ts';
import type { Style, Terminal } from '../terminal.ts';

const STYLES: Readonly<Record<Check['result'], Style>> = { ok: 'good', warning: 'wait', failed: 'bad', skipped: 'dim' };

/** `doctor`: whether everything between this machine and a prediction is as it should be. */
export async function doctor({ flags, terminal }: Invocation): Promise<number> {
  const checks: Check[] = [];
  const cluster = connectOrTell(() => connect(flags), checks);
  const server = cluster && (await checkApiServer(cluster));
  if (server) checks.push(server);
  if (cluster && server?.result === 'ok') {
    checks.push(await checkDefinition(cluster), await checkOperator(cluster), await checkPermissions(cluster));
  }
  const model = flags.text('model');
  const paths = model === undefined ? await deployedPaths(cluster, checks) : [model];
  checks.push(...(await checkStorage(oneOfEachBucket(paths), process.env[ENV.storageEmulatorHost])));
  const hasFailed = checks.some(({ result }) => result === 'failed');
  if (flags.text('output') === 'json') terminal.printJson({ ok: !hasFailed, checks });
  else terminal.print(...checks.flatMap((check) => checkLines(check, terminal)));
  return hasFailed ? EXIT.actionNeeded : EXIT.ok;
}

function connectOrTell(connecting: () => Cluster, checks: Check[]): Cluster | undefined {
  try {
    return connecting();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [next] = error.next;
    checks.push({ name: 'kubeconfig', result: 'failed', text: error.message, ...(next ? { next } : {}) });
    return undefined;
  }
}

/** What the namespace serves; nothing where the cluster cannot be asked. */
async function deployedPaths(cluster: Cluster | undefined, checks: readonly Check[]): Promise<string[]> {
  if (!cluster || checks.some(({ name, result }) => ['cluster', 'CRD'].includes(name) && result === 'failed'))
    return [];
  const models = await cluster.modelDeployments().catch(() => []);
  return models.map(({ spec }) => spec.model.path);
}

function oneOfEachBucket(paths: readonly string[]): string[] {
  const bucketOf = (path: string): string => path.split('/').slice(0, 3).join('/');
  return [...new Map(paths.map((path) => [bucketOf(path), path])).values()];
}

function checkLines({ name, result, text, next }: Check, terminal: Terminal): string[] {
  const lead = `${terminal.style(STYLES[result], result.padEnd(7))}  ${name.padEnd(11)}  `;
  return [...hang(lead, text, terminal.columns), ...(next === undefined ? [] : [`${' '.repeat(22)}next: ${next}`])];
}
