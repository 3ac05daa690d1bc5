import type { Reason } from './model-deployment.ts';

/** What asking storage about `spec.model` yielded. */
export type ModelResolution =
  | {
      readonly kind: 'resolved';
      /** Decimal digits; pinned into the pod template. */
      readonly generation: string;
      readonly sizeBytes: number;
      /** RFC 3339 time at which this generation was first seen. */
      readonly resolvedAt: string;
    }
  /** The operator cannot see the object (no permission, or `pvc://`); pods resolve it themselves at start. */
  | { readonly kind: 'delegated'; readonly reason: Reason; readonly message: string }
  /** Nothing is known yet: what was known before still counts. */
  | { readonly kind: 'pending'; readonly message: string }
  /** Nothing can be rolled out now; what serves is left alone. */
  | { readonly kind: 'failed'; readonly reason: Reason; readonly message: string; readonly retryable: boolean };
