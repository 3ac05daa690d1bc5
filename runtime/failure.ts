import { existsSync, writeFileSync } from 'node:fs';
import { encodeTerminationMessage } from './contract.ts';
import { ModelFailure } from './errors.ts';

/** Where the kubelet looks; it makes the file. */
const DEFAULT_TERMINATION_LOG = '/dev/termination-log';

/**
 * The file whose text the kubelet puts into the pod's status.
 * @param path what the environment says; undefined: the kubelet's default
 * @returns undefined when no kubelet started this process
 */
export function terminationLog(path: string | undefined): string | undefined {
  return path ?? (existsSync(DEFAULT_TERMINATION_LOG) ? DEFAULT_TERMINATION_LOG : undefined);
}

/**
 * Leaves the one line that the operator reads from the pod's status. Where it cannot be written the log has to do
 * (`terminationMessagePolicy: FallbackToLogsOnError`).
 * @param path undefined: the kubelet's file, if there is one
 */
export function writeTerminationMessage(failure: ModelFailure, path: string | undefined): void {
  const file = terminationLog(path);
  if (file === undefined) return;
  try {
    writeFileSync(file, `${encodeTerminationMessage(failure)}\n`);
  } catch {
    // Nobody is there to read it.
  }
}

/** What ended the process, as a reason: anything that is no ModelFailure is a mistake in the program, told by its own text. */
export function toModelFailure(error: unknown): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ModelFailure('ModelUnsupported', `the runtime ended for an unexpected reason: ${text}`, {
    cause: error,
  });
}
