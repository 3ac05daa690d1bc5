import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { ModelDeployment } from './api/generated.ts';
import { ANNOTATIONS } from './api/labels.ts';
import { nameKey } from './cluster/cache.ts';
import type { ClusterClient, ClusterEvent, Key, Precondition } from './cluster/client.ts';
import { findDrift, type Drift } from './drift.ts';
import { ConflictError, TerminalError, WaitingError } from './errors.ts';
import { repairLists } from './list-repair.ts';
import type { Logger } from './log.ts';
import { ownershipOf } from './ownership.ts';
import type { RepairLimiter } from './repair-limiter.ts';
import { templateHash } from './resources/index.ts';
import { withAnnotations } from './rollout-memory.ts';

/** What a child is applied for. */
export interface ChildContext {
  readonly modelDeployment: ModelDeployment;
  /** The object of that kind and name as the cache holds it, whoever owns it. */
  readonly live: KubernetesObject | undefined;
}

export interface ChildWriterOptions {
  readonly cluster: Pick<ClusterClient, 'apply' | 'patch' | 'read'>;
  readonly limiter: RepairLimiter;
  /** Told of a changed pod template, and of every change of somebody else that was undone. */
  readonly onWritten: (what: 'rollout' | 'repair') => void;
  readonly log: Logger;
}

/** A foreign object is not watched unless it carries the operator's labels. */
const RECHECK_FOREIGN_MS = 60_000;
/** Fields named in one event. */
const MAX_FIELDS = 3;

/** What is known of a child besides the cache. */
interface ChildMemory {
  /** It was there: when it is missing, somebody deleted it. */
  isSeen: boolean;
  /** Hash of what was applied, and the fields that the API server stores otherwise. */
  normalised: { readonly hash: string; readonly fields: ReadonlySet<string> } | undefined;
}

/** Makes children what they should be, with as few requests as that takes: none for one that is so already. */
export class ChildWriter {
  readonly #options: ChildWriterOptions;
  /** By key and uid of the ModelDeployment, then by kind; no Map for each of thousands, which take 200 bytes empty. */
  readonly #memories = new Map<Key, { readonly uid: string; readonly children: Record<string, ChildMemory> }>();

  constructor(options: ChildWriterOptions) {
    this.#options = options;
  }

  /**
   * @returns the event to record when someone else's change was undone
   * @throws TerminalError ChildNotOwned or the API server's refusal | WaitingError | ConflictError | TransientError
   */
  async write(child: KubernetesObject, { modelDeployment, live }: ChildContext): Promise<ClusterEvent | undefined> {
    const hash = appliedHash(child);
    const desired = withAnnotations(child, { [ANNOTATIONS.appliedHash]: hash });
    const memory = this.#memoryOf(desired, modelDeployment);
    if (!live) return this.#create(desired, memory, modelDeployment);
    assertWritable(live, modelDeployment);
    memory.isSeen = true;
    const drift = differences(desired, live, memory);
    if (drift.length === 0) return undefined;
    const isOwnChange = live.metadata?.annotations?.[ANNOTATIONS.appliedHash] !== hash;
    if (!isOwnChange) this.#assertMayRepair(desired);
    await this.#applyOver(live, desired, memory);
    if (isNewTemplate(desired, live)) this.#options.onWritten('rollout');
    return isOwnChange ? undefined : this.#repaired(repairEvent(desired, live, drift));
  }

  /** That ModelDeployment is gone. */
  forget(key: Key): void {
    this.#memories.delete(key);
  }

  async #create(
    desired: KubernetesObject,
    memory: ChildMemory,
    modelDeployment: ModelDeployment,
  ): Promise<ClusterEvent | undefined> {
    if (memory.isSeen) this.#assertMayRepair(desired);
    const wasSeen = memory.isSeen;
    try {
      await this.#apply(desired, { absent: true }, memory);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // The cache holds only what carries the operator's labels.
      const unlabelled = await this.#options.cluster.read(desired);
      if (!unlabelled) throw error;
      assertWritable(unlabelled, modelDeployment);
      await this.#applyOver(unlabelled, desired, memory);
      return this.#repaired(repairEvent(desired, unlabelled, findDrift(desired, unlabelled)));
    }
    return wasSeen ? this.#repaired(recreateEvent(desired)) : undefined;
  }

  async #applyOver(live: KubernetesObject, desired: KubernetesObject, memory: ChildMemory): Promise<void> {
    const precondition = { uid: live.metadata?.uid ?? '' };
    try {
      await this.#apply(desired, precondition, memory);
    } catch (error) {
      const operations = error instanceof TerminalError ? repairLists(desired, live) : [];
      if (operations.length === 0) throw error;
      await this.#options.cluster.patch(live, operations);
      await this.#apply(desired, precondition, memory);
    }
  }

  async #apply(desired: KubernetesObject, precondition: Precondition, memory: ChildMemory): Promise<void> {
    const answer = await this.#options.cluster.apply(desired, precondition);
    memory.isSeen = true;
    const kept = findDrift(desired, answer);
    const hash = desired.metadata?.annotations?.[ANNOTATIONS.appliedHash] ?? '';
    memory.normalised = kept.length === 0 ? undefined : { hash, fields: new Set(kept.map(fieldAndValue)) };
    if (kept.length === 0) return;
    const fields = kept.map(({ field }) => field);
    this.#options.log.warn({ child: nameOf(desired), fields }, 'the API server stores fields otherwise than applied');
  }

  #repaired(event: ClusterEvent): ClusterEvent {
    this.#options.onWritten('repair');
    return event;
  }

  #memoryOf({ kind = '' }: KubernetesObject, modelDeployment: ModelDeployment): ChildMemory {
    const { metadata } = modelDeployment;
    const key = nameKey(modelDeployment);
    let known = this.#memories.get(key);
    if (known?.uid !== metadata.uid) {
      known = { uid: metadata.uid, children: {} };
      this.#memories.set(key, known);
    }
    return (known.children[kind] ??= { isSeen: false, normalised: undefined });
  }

  #assertMayRepair(child: KubernetesObject): void {
    const name = nameOf(child);
    const waitMs = this.#options.limiter.take(name);
    if (waitMs > 0) throw new WaitingError(`${name} is changed again and again by somebody else`, { afterMs: waitMs });
  }
}

/** Without the fields that the API server stores in its own way: applying them again would change nothing, for ever. */
function differences(desired: KubernetesObject, live: KubernetesObject, { normalised }: ChildMemory): readonly Drift[] {
  const drift = findDrift(desired, live);
  const isKnown = normalised?.hash === desired.metadata?.annotations?.[ANNOTATIONS.appliedHash];
  return isKnown ? drift.filter((one) => !normalised?.fields.has(fieldAndValue(one))) : drift;
}

function assertWritable(live: KubernetesObject, modelDeployment: ModelDeployment): void {
  const ownership = ownershipOf(live, modelDeployment);
  if (ownership === 'foreign') {
    const owner = live.metadata?.ownerReferences?.find(({ controller }) => controller);
    const belongs = owner ? `belongs to ${owner.kind} ${owner.name}` : 'is not of this ModelDeployment';
    throw new TerminalError(
      'ChildNotOwned',
      `${live.kind} ${live.metadata?.name} exists and ${belongs}: rename this ModelDeployment or remove that ${live.kind}.`,
      { recheckAfterMs: RECHECK_FOREIGN_MS },
    );
  }
  // The watch tells when it is gone.
  if (ownership === 'predecessor' || live.metadata?.deletionTimestamp) {
    throw new WaitingError(`${nameOf(live)} is being deleted`, { afterMs: 5_000 });
  }
}

/** Without the pod template, whose own hash is among the annotations. */
function appliedHash(child: KubernetesObject): string {
  const { spec, ...rest }: KubernetesObject & Pick<V1Deployment, 'spec'> = child;
  const { template: _, ...others } = spec ?? {};
  return templateHash({ ...rest, spec: others });
}

function isNewTemplate(desired: KubernetesObject, live: KubernetesObject): boolean {
  const name = ANNOTATIONS.templateHash;
  return desired.metadata?.annotations?.[name] !== live.metadata?.annotations?.[name];
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.namespace}/${metadata?.name}`;
}

function fieldAndValue({ field, live }: Drift): string {
  return `${field}=${JSON.stringify(live)}`;
}

function repairEvent(desired: KubernetesObject, live: KubernetesObject, drift: readonly Drift[]): ClusterEvent {
  const fields = drift.slice(0, MAX_FIELDS).map(({ field }) => field);
  const more = drift.length > MAX_FIELDS ? ` and ${drift.length - MAX_FIELDS} more` : '';
  const [last] = live.metadata?.managedFields ?? [];
  const who = last?.manager && !last.fieldsV1 ? `${last.manager} had changed` : 'somebody else had changed';
  const message = `Restored ${fields.join(', ')}${more} of ${desired.kind} ${desired.metadata?.name}, which ${who}.`;
  return { type: 'Normal', reason: 'DriftRepaired', message };
}

function recreateEvent({ kind, metadata }: KubernetesObject): ClusterEvent {
  const message = `Made ${kind} ${metadata?.name} again, which somebody had deleted.`;
  return { type: 'Normal', reason: 'DriftRepaired', message };
}
