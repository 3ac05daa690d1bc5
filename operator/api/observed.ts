import type { KubernetesObject, V1Deployment, V1EndpointSlice, V1Pod, V1Service } from '@kubernetes/client-node';
import type { ModelDeployment } from './generated.ts';
import type { Reason } from './model-deployment.ts';
import type { ModelResolution } from './resolution.ts';

/** Children controlled by one ModelDeployment, as the informer caches hold them. */
export interface Children {
  readonly deployment: V1Deployment | undefined;
  readonly service: V1Service | undefined;
  /** Further kinds that only some specs have (HorizontalPodAutoscaler, PodDisruptionBudget), keyed by kind. */
  readonly others: ReadonlyMap<string, KubernetesObject>;
  readonly pods: readonly V1Pod[];
  readonly endpointSlices: readonly V1EndpointSlice[];
}

/** What this pass wants to run. Known even when the children could not be written. */
export interface DesiredRollout {
  /** Value of ANNOTATIONS.templateHash on the desired Deployment and on its pods. */
  readonly templateHash: string;
  /** Generation the template pins; undefined when the pods resolve it themselves. */
  readonly generation: string | undefined;
  /** Path of the model in the template; default the spec's, which a template that was gone back to need not have. */
  readonly path?: string;
}

/** A pod template that was refused while pods of an earlier one were there; kept until another one is wanted. */
export interface Rejection {
  /** Generation in it; undefined: the pods resolve it themselves. */
  readonly generation: string | undefined;
  readonly templateHash: string;
  /** What the pods said. */
  readonly reason: Reason;
  readonly message: string;
  /** Value of the resolve-now annotation then: another one tries again. */
  readonly resolveNow?: string | undefined;
  /** RFC 3339 time at which it is tried again by itself; undefined: never, because it is the template's own fault. */
  readonly retryAt?: string | undefined;
}

/** Why a person must act, or why the pass could not finish: a reason and one plain sentence with what to do. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

/** Everything one pass knows: the only input of computeStatus. */
export interface Observed {
  /** As the informer cache holds it, with the status written last. */
  readonly modelDeployment: ModelDeployment;
  /** As the informer caches held them when the pass began: a write of this very pass is not in them yet. */
  readonly children: Children;
  readonly resolution: ModelResolution;
  /** undefined: nothing may be rolled out now (model not resolved and nothing deployed yet, paused before the first pass). */
  readonly desired: DesiredRollout | undefined;
  /** What is wanted was refused, and the template is the last good one (reason ModelRejected). */
  readonly rejection: Rejection | undefined;
  /** ChildNotOwned, InvalidSpec, QuotaExceeded: what stopped this pass from writing children. */
  readonly problem: Problem | undefined;
  /** For lastTransitionTime. */
  readonly now: Date;
}
