import type { V1Pod } from '@kubernetes/client-node';
import { RESOURCES, resourcePath } from '../../operator/cluster/resources.ts';
import type { Invocation } from '../command.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { connect } from '../cluster/connect.ts';
import { readSituation } from '../cluster/situation.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { explain } from '../why/explain.ts';
import type { Evidence, Explanation, Standing } from '../why/explanation.ts';
import { renderExplanation } from '../why/render.ts';

const EXIT_CODES: Readonly<Record<Standing, ExitCode>> = {
  fine: EXIT.ok,
  waiting: EXIT.notYet,
  stuck: EXIT.actionNeeded,
};
/** Lines of a crashed container's log. */
const LOG_LINES = 5;
/** Causes about which the pod itself has left no words. */
const SILENT: ReadonlySet<string> = new Set(['CrashLooping', 'ProgressDeadlineExceeded']);

/** `why NAME`: the root cause in words, with evidence and the next command. */
export async function why({ positionals: [name = ''], flags, terminal, program }: Invocation): Promise<number> {
  const cluster = connect(flags);
  const situation = await readSituation(cluster, name);
  const explanation = explain(situation, { kubectlFlags: cluster.kubectlFlags, program });
  const logs = SILENT.has(explanation.cause) ? await lastWords(cluster, situation.pods) : [];
  const complete: Explanation = { ...explanation, evidence: [...explanation.evidence, ...logs] };
  if (flags.text('output') === 'json') terminal.printJson(complete);
  else terminal.print(...renderExplanation(complete, terminal));
  return EXIT_CODES[explanation.standing];
}

/** The end of the log of the first container that ended: of its last life where it runs again. */
async function lastWords(cluster: Cluster, pods: readonly V1Pod[]): Promise<Evidence[]> {
  for (const { metadata, status } of pods) {
    const container = status?.containerStatuses?.find(({ ready }) => !ready);
    if (!container) continue;
    const query = new URLSearchParams({ container: container.name, tailLines: String(LOG_LINES) });
    if (container.lastState?.terminated) query.set('previous', 'true');
    const path = `${resourcePath(RESOURCES.pod, cluster.namespace, metadata?.name)}/log?${query.toString()}`;
    const { statusCode, body } = await cluster.open({ method: 'GET', path });
    const lines = (await body.text()).split('\n').filter((line) => line.trim() !== '');
    if (statusCode === 200) return lines.map((text) => ({ source: `log of ${metadata?.name}`, text }));
  }
  return [];
}
