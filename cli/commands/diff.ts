import { stripVTControlCharacters } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { connect } from '../cluster/connect.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { readSituation } from '../cluster/situation.ts';
import type { Invocation } from '../command.ts';
import { differences, type Difference } from '../diff/differences.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { table } from '../layout.ts';
import type { Terminal } from '../terminal.ts';

const CHILDREN = [RESOURCES.deployment, RESOURCES.service, RESOURCES.autoscaler, RESOURCES.disruptionBudget] as const;

/** `diff NAME`: where what serves differs from what the spec asks for. */
export async function diff({ positionals: [name = ''], flags, terminal }: Invocation): Promise<number> {
  const cluster = connect(flags);
  const situation = await readSituation(cluster, name);
  const [children, operator] = await Promise.all([
    Promise.all(CHILDREN.map((resource) => cluster.find<KubernetesObject>(resource, name))),
    onlyOperator(cluster),
  ]);
  const live = new Map(children.filter((child) => child !== undefined).map((child) => [child.kind ?? '', child]));
  const found = differences({ situation, live, config: operator });
  if (flags.text('output') === 'json') terminal.printJson(found);
  else if (found.length === 0) terminal.print(`${name} serves what its spec asks for.`);
  else {
    terminal.print(...differenceLines(found, terminal));
  }
  return found.length === 0 ? EXIT.ok : EXIT.actionNeeded;
}

/** A table, or three lines each where that is too wide. */
function differenceLines(found: readonly Difference[], terminal: Terminal): string[] {
  const rows = found.map(({ field, wanted, actual }) => [
    field,
    terminal.style('good', wanted),
    terminal.style('bad', actual),
  ]);
  const lines = table([['FIELD', 'WANTED', 'ACTUAL'], ...rows]);
  if (lines.every((line) => stripVTControlCharacters(line).length <= terminal.tableColumns)) return lines;
  return rows.flatMap(([field = '', wanted = '', actual = '']) => [
    field,
    `  wanted  ${wanted}`,
    `  actual  ${actual}`,
  ]);
}

/** Its settings, where it can be seen and there is no doubt which one it is. */
async function onlyOperator(cluster: Cluster): Promise<InstalledOperator | undefined> {
  try {
    const operators = await findOperators(cluster);
    return operators.length === 1 ? operators[0] : undefined;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
