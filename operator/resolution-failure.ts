import { InvalidModelPathError, parseModelPath } from '../storage/model-path.ts';
import { StorageError } from '../storage/model-store.ts';
import type { ModelResolution } from './api/resolution.ts';

type Delegated = Extract<ModelResolution, { kind: 'delegated' }>;
type Pending = Extract<ModelResolution, { kind: 'pending' }>;
type Failed = Extract<ModelResolution, { kind: 'failed' }>;

/** What can be said of a path without asking storage; undefined: storage must be asked. */
export function answerUnasked(path: string): Delegated | Failed | undefined {
  try {
    const parsed = parseModelPath(path);
    if (parsed.kind === 'pvc') {
      const message = `The pods read the model from claim ${parsed.claim}.`;
      return { kind: 'delegated', reason: 'ResolvedByPods', message };
    }
    if (parsed.kind === 'gcs' || parsed.kind === 'gcs-prefix') return undefined;
    const message = `spec.model.path: "${path}" is no place that pods can read; use gs://bucket/path/model.onnx.`;
    return { kind: 'failed', reason: 'InvalidSpec', message, retryable: false };
  } catch (error) {
    if (!(error instanceof InvalidModelPathError)) throw error;
    return { kind: 'failed', reason: 'InvalidSpec', message: `spec.model.path: ${error.message}.`, retryable: false };
  }
}

/** Nothing is wrong yet, the answer is still to come. */
export function pending(message: string): Pending {
  return { kind: 'pending', message };
}

/** It may be otherwise soon, without anybody doing anything. */
export function isPassing(resolution: ModelResolution): boolean {
  return resolution.kind === 'pending' || (resolution.kind === 'failed' && resolution.retryable);
}

/**
 * What a rejected question means. That the operator may not read the bucket is none: the pods may have an account that does.
 */
export function asFailure(error: unknown, path: string): Delegated | Failed {
  if (!(error instanceof StorageError)) {
    const message = `${path} could not be looked up: storage does not answer. It is asked again.`;
    return { kind: 'failed', reason: 'StorageUnavailable', message, retryable: true };
  }
  const { reason, message, retryable } = error;
  if (reason === 'ModelAccessDenied') {
    const consequence =
      "This is about the operator's own account (docs/install.md says how to give it one); the pods have theirs, and take the newest when they start. Newer ones are noticed once the operator may read it too.";
    return { kind: 'delegated', reason, message: `${sentence(message)} ${consequence}` };
  }
  return { kind: 'failed', reason, message: sentence(message), retryable };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
