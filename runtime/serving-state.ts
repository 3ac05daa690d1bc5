import { RequestError } from './errors.ts';
import type { Predictor } from './predictor.ts';
import type { ModelSignature } from './onnx/signature.ts';

/** A model that answers requests. */
export interface ServedModel {
  readonly generation: string;
  readonly signature: ModelSignature;
  readonly predictor: Predictor;
  /** Text of a V1 request that it answers; undefined when no row that it takes is known. */
  readonly example?: string | undefined;
  /** The same as a request of the Open Inference Protocol. */
  readonly exampleV2?: string | undefined;
  /** False once no answer can be expected any more. */
  isAlive(): boolean;
}

/** Where the process is in its life: loading, then ready, then draining. What health checks and requests look at. */
export class ServingState {
  #model: ServedModel | undefined;
  #isDraining = false;

  /** Undefined while loading. */
  get model(): ServedModel | undefined {
    return this.#model;
  }

  /** @throws RequestError ModelNotReady while the model is being loaded */
  requireModel(): ServedModel {
    if (this.#model) return this.#model;
    throw new RequestError('ModelNotReady', 'the model is being loaded', { retryAfterSeconds: 1 });
  }

  /** Requests are wanted: loaded, warmed up, and not about to end. */
  get isReady(): boolean {
    return this.#model !== undefined && !this.#isDraining;
  }

  /** About to end: still answers, but asks clients to go elsewhere. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Sane, also while loading. A process that is not should be started again. */
  get isAlive(): boolean {
    return this.#model?.isAlive() ?? true;
  }

  ready(model: ServedModel): void {
    this.#model = model;
  }

  drain(): void {
    this.#isDraining = true;
  }
}
