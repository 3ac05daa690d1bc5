import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import { durationToMs } from './api/duration.ts';
import type { ModelDeployment, ModelDeploymentStatus } from './api/generated.ts';
import { ANNOTATIONS } from './api/labels.ts';
import { API_VERSION, CONDITION_TYPES, KIND } from './api/model-deployment.ts';
import type { Problem } from './api/observed.ts';
import type { ModelResolution } from './api/resolution.ts';
import type { ChildWriter } from './child-writer.ts';
import type { Clock } from './clock.ts';
import type { ClusterClient, ClusterEvent, Key } from './cluster/client.ts';
import { TerminalError, WaitingError } from './errors.ts';
import type { ModelResolver } from './model-resolver.ts';
import { observe, type CacheReader, type Snapshot } from './observe.ts';
import { makePlan, type Plan } from './plan.ts';
import { lastResolution, rememberedResolution } from './remembered-resolution.ts';
import type { TemplateConfig } from './resources/index.ts';
import { computeEvents } from './status/compute-events.ts';
import { computeStatus } from './status/compute-status.ts';
import { DONE, type Outcome } from './work-queue.ts';

export interface ReconcilerOptions {
  readonly cache: CacheReader;
  readonly cluster: ClusterClient;
  readonly children: ChildWriter;
  readonly resolver: Pick<ModelResolver, 'resolve' | 'forget'>;
  readonly config: TemplateConfig;
  readonly clock: Clock;
}

/** How writing the children went. */
interface Written {
  readonly events: readonly ClusterEvent[];
  /** For status. */
  readonly problem: Problem | undefined;
  /** What ended it early, if anything. */
  readonly error: unknown;
}

/** One pass for one key. Order only: every decision is made in a function of its own. */
export class Reconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * observe -> resolve -> plan -> apply -> prune -> status -> events. A pass over an object that is as it should be makes no
   * request.
   * @throws ConflictError | TransientError
   */
  async reconcile(key: Key): Promise<Outcome> {
    const { cache, config, clock } = this.#options;
    const resolution = await this.#resolve(key);
    // After the wait for storage: what was read before may have changed.
    const snapshot = observe(key, cache);
    if (!snapshot || !resolution || isGoing(snapshot.modelDeployment)) return this.#forget(key);
    const plan = makePlan(snapshot, resolution, config, new Date(clock.now()));
    const written = await this.#writeChildren(snapshot, plan);
    await this.#writeStatus(key, { snapshot, resolution, plan, written });
    return outcomeOf(written.error) ?? this.#untilRetry(plan);
  }

  async #resolve(key: Key): Promise<ModelResolution | undefined> {
    const { cache, resolver } = this.#options;
    const snapshot = observe(key, cache);
    if (!snapshot || isGoing(snapshot.modelDeployment)) return undefined;
    const { modelDeployment, children } = snapshot;
    const remembered = rememberedResolution(modelDeployment, children.deployment);
    if (remembered) {
      resolver.forget(key);
      return remembered;
    }
    const { path, generation, pollInterval } = modelDeployment.spec.model;
    return resolver.resolve(key, {
      path,
      generation,
      resolveNow: modelDeployment.metadata.annotations?.[ANNOTATIONS.resolveNow],
      pollIntervalMs: pollInterval === undefined ? undefined : durationToMs(pollInterval),
      // Only of one that is well: what is wrong may be over.
      lastKnown: () => (isReady(modelDeployment) ? lastResolution(modelDeployment, children.deployment) : undefined),
    });
  }

  async #writeChildren(snapshot: Snapshot, plan: Plan): Promise<Written> {
    const events: ClusterEvent[] = [];
    const { modelDeployment } = snapshot;
    if (!plan.children || modelDeployment.spec.paused) return { events, problem: plan.problem, error: undefined };
    try {
      for (const child of plan.children) {
        const live = snapshot.sameName.get(child.kind ?? '');
        const event = await this.#options.children.write(child, { modelDeployment, live });
        if (event) events.push(event);
      }
      await this.#prune(snapshot, plan.children);
      return { events, problem: undefined, error: undefined };
    } catch (error) {
      const problem = error instanceof TerminalError ? { reason: error.reason, message: error.message } : undefined;
      return { events, problem, error };
    }
  }

  /** Deletes what this ModelDeployment owns and no longer wants. */
  async #prune({ children }: Snapshot, wanted: readonly KubernetesObject[]): Promise<void> {
    const kinds = new Set(wanted.map(({ kind }) => kind));
    for (const [kind, child] of children.others) {
      if (!kinds.has(kind) && !child.metadata?.deletionTimestamp) await this.#options.cluster.delete(child);
    }
  }

  /** Writes status if it differs, then tells what changed. Also after a failure: status says what is, not what was meant. */
  async #writeStatus(
    key: Key,
    {
      snapshot,
      resolution,
      plan,
      written,
    }: { snapshot: Snapshot; resolution: ModelResolution; plan: Plan; written: Written },
  ): Promise<void> {
    const { cache, cluster, clock } = this.#options;
    // Once more, because it now holds what this pass has written.
    const { modelDeployment, children } = observe(key, cache) ?? snapshot;
    const status = computeStatus({
      modelDeployment,
      children,
      resolution,
      desired: plan.rollout,
      rejection: plan.rejection,
      problem: written.problem,
      now: new Date(clock.now()),
    });
    const events = [...written.events];
    // A pass that broke off has not handled this spec: it may tell what is wrong, never that all is well.
    const isUnproven = written.error !== undefined && written.problem === undefined && saysReady(status);
    if (!isUnproven && !isDeepStrictEqual(status, modelDeployment.status)) {
      await cluster.applyStatus(statusObject(modelDeployment, status));
      events.push(...computeEvents(modelDeployment.status, status));
    }
    for (const event of events) await cluster.recordEvent(modelDeployment, event);
  }

  /** What was refused and may pass is tried again by a pass of its own. */
  #untilRetry({ rejection }: Plan): Outcome {
    if (rejection?.retryAt === undefined) return DONE;
    return { kind: 'requeue', afterMs: Math.max(0, Date.parse(rejection.retryAt) - this.#options.clock.now()) };
  }

  #forget(key: Key): Outcome {
    this.#options.resolver.forget(key);
    this.#options.children.forget(key);
    return DONE;
  }
}

/** Its children go with it; nothing is made again. */
function isGoing({ metadata }: ModelDeployment): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function isReady({ status }: ModelDeployment): boolean {
  return status !== undefined && saysReady(status);
}

function saysReady({ conditions }: ModelDeploymentStatus): boolean {
  return conditions?.some(({ type, status }) => type === CONDITION_TYPES.ready && status === 'True') ?? false;
}

function statusObject({ metadata }: ModelDeployment, status: ModelDeploymentStatus) {
  const { name, namespace, uid } = metadata;
  return { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace, uid }, status };
}

/**
 * @returns undefined: the pass came to its end
 * @throws what the queue is to count as a failure
 */
function outcomeOf(error: unknown): Outcome | undefined {
  if (error === undefined) return undefined;
  if (error instanceof WaitingError) return { kind: 'requeue', afterMs: error.afterMs };
  if (error instanceof TerminalError) {
    return error.recheckAfterMs === undefined ? DONE : { kind: 'requeue', afterMs: error.recheckAfterMs };
  }
  throw error;
}
