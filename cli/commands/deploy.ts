import { stringify } from 'yaml';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { ANNOTATIONS } from '../../operator/api/labels.ts';
import { CONDITION_TYPES } from '../../operator/api/model-deployment.ts';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import { connect } from '../cluster/connect.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { RefusedError } from '../cluster/refusal.ts';
import type { Invocation } from '../command.ts';
import { conclude } from '../deploy/conclude.ts';
import { desiredObject, sourceAndName, type DesiredObject } from '../deploy/desired-object.ts';
import { follow } from '../deploy/follow.ts';
import { CommandError, EXIT } from '../exit-codes.ts';

const DEFAULT_TIMEOUT_MS = 11 * 60_000;
/** Of a verdict on an object that this command did not change: the operator asks storage again within this time. */
const SECOND_LOOK_MS = 5_000;

/** `deploy SOURCE`: applies a ModelDeployment and waits until it serves. */
export async function deploy(invocation: Invocation): Promise<number> {
  const { positionals, flags, terminal } = invocation;
  const desired = await desiredObject(sourceAndName(positionals, flags.text('name')), flags);
  if (flags.has('dry-run') || flags.text('output') === 'yaml') {
    terminal.write(stringify(desired));
    return EXIT.ok;
  }
  const timeoutMs = flags.durationMs('timeout', DEFAULT_TIMEOUT_MS);
  const cluster = connect(flags).inNamespace(desired.metadata.namespace);
  const before = await cluster.find<ModelDeployment>(RESOURCES.modelDeployment, desired.metadata.name);
  const applied = await apply(cluster, desired, flags.has('force-conflicts'));
  terminal.note(
    `modeldeployment ${applied.metadata.name} ${whatHappened(before, applied)} in namespace ${cluster.namespace}`,
  );
  if (flags.has('no-wait')) return EXIT.ok;
  const isOldVerdict = before?.metadata.generation === applied.metadata.generation && isStalled(applied);
  if (isOldVerdict) await lookAgain(cluster, applied);
  const ignoreStalledForMs = isOldVerdict ? SECOND_LOOK_MS : 0;
  const followed = await follow(cluster, applied.metadata.name, { terminal, timeoutMs, ignoreStalledForMs });
  return conclude(followed, cluster, invocation);
}

/** @throws CommandError; for a conflict it says which flag takes the fields over */
async function apply(cluster: Cluster, desired: DesiredObject, force: boolean): Promise<ModelDeployment> {
  try {
    return await cluster.apply(desired, { force });
  } catch (error) {
    if (!(error instanceof RefusedError) || error.statusCode !== 409) throw error;
    throw new CommandError(`${error.message}\n--force-conflicts takes these fields over`, { cause: error });
  }
}

function whatHappened(before: ModelDeployment | undefined, applied: ModelDeployment): string {
  if (!before) return 'created';
  return before.metadata.generation === applied.metadata.generation ? 'unchanged' : 'changed';
}

function isStalled({ status }: ModelDeployment): boolean {
  return status?.conditions?.some(({ type, status }) => type === CONDITION_TYPES.stalled && status === 'True') ?? false;
}

/** What was missing may have come since: asks the operator to look now and not at its next round. */
async function lookAgain(cluster: Cluster, { metadata, spec }: ModelDeployment): Promise<void> {
  // With Pinned the annotation would move on to the newest generation.
  if (spec.model.updates === 'Pinned') return;
  const annotations = { [ANNOTATIONS.resolveNow]: new Date().toISOString() };
  await cluster.patch(metadata.name, { metadata: { annotations } });
}
