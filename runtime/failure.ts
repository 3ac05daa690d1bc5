import { existsSync, writeFileSync } from 'node:fs';
import { encodeTerminationMessage } from './contract.ts';
import { ModelFailure } from './errors.ts';

/** Where the kubelet looks; it makes the file. */
const DEFAULT_TERMINATION_LOG = '/dev/termination-log';

/**
 * Leaves the one line that the operator reads from the pod's status. Where it cannot be written the log has to do
 * (`terminationMessagePolicy: FallbackToLogsOnError`).
 * @param path undefined: the kubelet's file, if there is one
 */
export function writeTerminationMessage(failure: ModelFailure, path: string | undefined): void {
  if (path === undefined && !existsSync(DEFAULT_TERMINATION_LOG)) return;
  try {
    writeFileSync(path ?? DEFAULT_TERMINATION_LOG, `${encodeTerminationMessage(failure)}\n`);
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
