import type { ModelDeployment, ModelDeploymentStatus } from '../../operator/api/generated.ts';
import { CONDITION_TYPES } from '../../operator/api/model-deployment.ts';
import { connect } from '../cluster/connect.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { age, hang, table } from '../layout.ts';
import type { Style, Terminal } from '../terminal.ts';

/** `status [NAME]`: a line for each ModelDeployment, with the message of those that are not ready. */
export async function status({ positionals: [name], flags, terminal }: Invocation): Promise<number> {
  const cluster = connect(flags);
  const allNamespaces = flags.has('all-namespaces');
  const models =
    name === undefined ? await cluster.modelDeployments({ allNamespaces }) : [await cluster.modelDeployment(name)];
  if (flags.text('output') === 'json') terminal.printJson(models.map(summary));
  else if (models.length === 0) {
    const where = allNamespaces ? 'the cluster' : `namespace ${cluster.namespace}`;
    terminal.note(`There are no ModelDeployments in ${where}.`);
  } else terminal.print(...statusLines(models, { terminal, withNamespace: allNamespaces, now: new Date() }));
  return EXIT.ok;
}

export interface StatusOptions {
  readonly terminal: Terminal;
  readonly withNamespace: boolean;
  readonly now: Date;
}

/** The table, and below it why some are not ready. */
export function statusLines(
  models: readonly ModelDeployment[],
  { terminal, withNamespace, now }: StatusOptions,
): string[] {
  const summaries = models.map(summary);
  const header = ['NAME', 'READY', 'REASON', 'REPLICAS', 'GENERATION', 'MODEL', 'AGE'];
  const rows = summaries.map((row, index) => [
    row.name,
    row.ready,
    terminal.style(styleOf(row), row.reason),
    row.replicas,
    row.generation,
    row.model,
    age(models[index]?.metadata.creationTimestamp, now),
  ]);
  const namespaced = (row: readonly string[], first: string) => (withNamespace ? [first, ...row] : row);
  const lines = table([
    namespaced(header, 'NAMESPACE'),
    ...rows.map((row, index) => namespaced(row, summaries[index]?.namespace ?? '')),
  ]);
  const troubled = summaries.filter(({ ready, message }) => ready !== 'True' && message !== '');
  const told = troubled.flatMap(({ name, message }) => hang(`${name}: `, message, terminal.columns));
  return told.length === 0 ? lines : [...lines, '', ...told];
}

/** What `status -o json` tells of each. */
export interface StatusSummary {
  readonly name: string;
  readonly namespace: string;
  readonly ready: string;
  /** Nothing but nobody has to act. */
  readonly stalled: boolean;
  readonly reason: string;
  readonly message: string;
  readonly replicas: string;
  /** Model generation that new pods serve; of another, which ready pods still serve, in `servingGeneration`. */
  readonly generation: string;
  readonly servingGeneration: string;
  readonly endpoint: string;
  readonly model: string;
}

function summary({ metadata, spec, status }: ModelDeployment): StatusSummary {
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    ...judgement(metadata.generation, status),
    replicas: status?.replicasSummary ?? `0/${spec.replicas}`,
    generation: status?.model?.generation ?? '-',
    servingGeneration: status?.model?.servingGeneration ?? '-',
    endpoint: status?.endpoint ?? '',
    model: spec.model.path,
  };
}

function judgement(
  generation: number,
  status: ModelDeploymentStatus | undefined,
): Pick<StatusSummary, 'ready' | 'stalled' | 'reason' | 'message'> {
  const find = (type: string) => status?.conditions?.find((condition) => condition.type === type);
  const ready = find(CONDITION_TYPES.ready);
  // What is said of an earlier spec says nothing about this one.
  if (!ready || status?.observedGeneration !== generation) {
    const message = 'The operator has not handled this version of the object yet.';
    return { ready: 'Unknown', stalled: false, reason: 'NotObserved', message };
  }
  const stalled = find(CONDITION_TYPES.stalled)?.status === 'True';
  return { ready: ready.status, stalled, reason: ready.reason, message: ready.message };
}

function styleOf({ ready, stalled }: StatusSummary): Style {
  if (ready === 'True') return 'good';
  return stalled ? 'bad' : 'wait';
}
