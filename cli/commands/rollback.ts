import type { ModelDeployment } from '../../operator/api/generated.ts';
import type { V1Deployment } from '@kubernetes/client-node';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import { generationOf } from '../../operator/packed-template.ts';
import { readRolloutMemory } from '../../operator/rollout-memory.ts';
import { connect } from '../cluster/connect.ts';
import type { Invocation } from '../command.ts';
import { conclude } from '../deploy/conclude.ts';
import { follow } from '../deploy/follow.ts';
import { CommandError, EXIT, usageError } from '../exit-codes.ts';

const DEFAULT_TIMEOUT_MS = 11 * 60_000;

/** `rollback NAME`: pins the generation that served before, and waits until it serves. */
export async function rollback(invocation: Invocation): Promise<number> {
  const {
    positionals: [name = ''],
    flags,
    terminal,
  } = invocation;
  const timeoutMs = flags.durationMs('timeout', DEFAULT_TIMEOUT_MS);
  const wanted = flags.text('to');
  if (wanted !== undefined && !/^[1-9]\d{0,18}$/.test(wanted)) {
    throw usageError(`--to ${wanted}: expected the digits of a generation, as status.model.generation has them`);
  }
  const cluster = connect(flags);
  const object = await cluster.modelDeployment(name);
  const deployment = await cluster.find<V1Deployment>(RESOURCES.deployment, name);
  const generation = wanted ?? previousGeneration(object, deployment);
  if (generation === undefined) {
    throw new CommandError(
      `nothing is known of a generation before ${object.status?.model?.generation ?? 'the first'}: give one with --to`,
      {
        next: [`gcloud storage ls --all-versions ${object.spec.model.path}`],
      },
    );
  }
  // The API refuses Follow beside a generation; without it a generation pins anyway.
  const updates = object.spec.model.updates === 'Follow' ? { updates: null } : {};
  if (flags.has('dry-run')) {
    terminal.print(
      `kubectl${cluster.kubectlFlags} patch modeldeployment ${name} --type=merge -p '${JSON.stringify({ spec: { model: { generation, ...updates } } })}'`,
    );
    return EXIT.ok;
  }
  await cluster.patch(name, { spec: { model: { generation, ...updates } } });
  terminal.note(
    `modeldeployment ${name} pinned to model generation ${generation}. To follow new ones again:`,
    `  kubectl${cluster.kubectlFlags} patch modeldeployment ${name} --type=json -p '[{"op":"remove","path":"/spec/model/generation"}]'`,
  );
  if (flags.has('no-wait')) return EXIT.ok;
  return conclude(await follow(cluster, name, { terminal, timeoutMs, ignoreStalledForMs: 0 }), cluster, invocation);
}

/**
 * The one that still serves while another is rolled out or refused, else the one that served before, as the Deployment remembers
 * it; undefined when there was none.
 */
export function previousGeneration(
  { spec, status }: ModelDeployment,
  deployment: V1Deployment | undefined,
): string | undefined {
  const { generation, servingGeneration } = status?.model ?? {};
  const { rejection, lastGood } = readRolloutMemory(deployment) ?? {};
  // The operator has gone back already: pinning what serves keeps it from trying the refused one again.
  if (rejection?.generation !== undefined && rejection.generation !== servingGeneration) return servingGeneration;
  const candidates = [servingGeneration, lastGood && generationOf(lastGood, spec.model.path)];
  return candidates.find((candidate) => candidate !== undefined && candidate !== generation);
}
