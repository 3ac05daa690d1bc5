import { createInterface } from 'node:readline';
import type { V1Pod } from '@kubernetes/client-node';
import { RESOURCES, resourcePath } from '../../operator/cluster/resources.ts';
import { RUNTIME_CONTAINER } from '../../operator/resources/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { connect } from '../cluster/connect.ts';
import { RefusedError } from '../cluster/refusal.ts';
import { podSelector } from '../cluster/situation.ts';
import type { Invocation } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { FlagValues } from '../parse-arguments.ts';

const DEFAULT_TAIL_LINES = 100;

/** `logs NAME [-f]`: the runtime's log of each pod, with the pod in front where there are several. */
export async function logs({ positionals: [name = ''], flags, terminal }: Invocation): Promise<number> {
  const query = logQuery(flags);
  const cluster = connect(flags);
  await cluster.modelDeployment(name);
  const pods = await cluster.list<V1Pod>(RESOURCES.pod, { labels: podSelector(name) });
  if (pods.length === 0)
    throw new CommandError(`${name} has no pods`, { next: [`modeldeployment why ${name}${cluster.kubectlFlags}`] });
  const results = await Promise.all(
    pods.map(async ({ metadata }) => {
      const pod = metadata?.name ?? '';
      const lead = pods.length === 1 ? '' : `${terminal.style('dim', pod)}  `;
      return { pod, refused: await copyLog(cluster, pod, query, (line) => terminal.print(lead + line)) };
    }),
  );
  const refused = results.filter((result) => result.refused !== undefined);
  for (const { pod, refused: error } of refused) terminal.note(`${pod}: ${error?.message}`);
  return refused.length === pods.length ? EXIT.failed : EXIT.ok;
}

function logQuery(flags: FlagValues): URLSearchParams {
  const tailLines = flags.integer('tail', 0, 1_000_000) ?? DEFAULT_TAIL_LINES;
  const query = new URLSearchParams({ container: RUNTIME_CONTAINER, tailLines: String(tailLines) });
  if (flags.has('follow')) query.set('follow', 'true');
  if (flags.has('previous')) query.set('previous', 'true');
  return query;
}

/** @returns why there is no log of that pod */
async function copyLog(
  cluster: Cluster,
  pod: string,
  query: URLSearchParams,
  onLine: (line: string) => void,
): Promise<RefusedError | undefined> {
  const path = `${resourcePath(RESOURCES.pod, cluster.namespace, pod)}/log?${query.toString()}`;
  const timeoutMs = query.has('follow') ? 0 : 30_000;
  const { statusCode, body } = await cluster.open({ method: 'GET', path, accept: '*/*', timeoutMs });
  if (statusCode !== 200) {
    return new RefusedError({ action: `read the log of ${pod}`, statusCode, body: parse(await body.text()) });
  }
  for await (const line of createInterface({ input: body, crlfDelay: Infinity })) onLine(line);
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
