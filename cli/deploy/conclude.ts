import type { Cluster } from '../cluster/cluster.ts';
import { exampleOf } from '../cluster/proxied-model.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { explain } from '../why/explain.ts';
import { quoteWord } from '../why/next-command.ts';
import { renderExplanation } from '../why/render.ts';
import type { Followed } from './follow.ts';

/** Longest example that fits a command line people read. */
const MAX_EXAMPLE_CHARACTERS = 1_000;
const LOCAL_PORT = 8080;

/** Says how the waiting ended: the endpoint and a request that works, or the reason and the next command. @returns the exit code */
export async function conclude(
  { outcome, situation }: Followed,
  cluster: Cluster,
  { terminal, program, flags }: Pick<Invocation, 'terminal' | 'program' | 'flags'>,
): Promise<number> {
  const { metadata, spec, status } = situation.modelDeployment;
  const explanation = explain(situation, { kubectlFlags: cluster.kubectlFlags, program });
  const exitCode = { ready: EXIT.ok, stalled: EXIT.actionNeeded, waiting: EXIT.notYet }[outcome];
  if (flags.text('output') === 'json') {
    const { endpoint, model } = status ?? {};
    terminal.printJson({ name: metadata.name, namespace: metadata.namespace, outcome, endpoint, model, explanation });
    return exitCode;
  }
  if (outcome !== 'ready') {
    terminal.note('', ...renderExplanation(explanation, terminal));
    return exitCode;
  }
  const example = explanation.reason === 'Ready' ? await exampleOf(cluster, metadata.name) : undefined;
  terminal.print(
    '',
    `${terminal.style('strong', metadata.name)} is ${terminal.style('good', 'ready')} at ${status?.endpoint ?? 'no endpoint'} (inside the cluster).`,
  );
  if (example !== undefined && example.length <= MAX_EXAMPLE_CHARACTERS) {
    terminal.print(
      '',
      'From here:',
      `  kubectl${cluster.kubectlFlags} port-forward service/${metadata.name} ${LOCAL_PORT}:${spec.service.port} &`,
      `  curl -s http://127.0.0.1:${LOCAL_PORT}/predict -H 'Content-Type: application/json' -d ${quoteWord(example)}`,
      `or without port-forward:`,
      `  echo ${quoteWord(example)} | ${program} predict ${metadata.name}${cluster.kubectlFlags} -f -`,
    );
  }
  return exitCode;
}
