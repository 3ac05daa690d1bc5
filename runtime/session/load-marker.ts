import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file that says "this model is being loaded", for whoever starts after a process that died of it. */
export interface LoadMarker {
  /** A process before this one left it: it died while it loaded this very model, or was ended. */
  readonly wasLeft: boolean;
  /** The model is loaded and has answered. */
  remove(): void;
}

/**
 * Says that a model is about to be loaded. A process that native code takes along (SIGSEGV, out of memory, a hang that the kubelet ends)
 * can say nothing any more, but its container's next one finds the file.
 * @param directory that outlives the process, such as an emptyDir; made where it is missing
 * @param sha256 of the model's file
 * @returns undefined when the file cannot be written
 */
export function leaveMarker(directory: string, sha256: string): LoadMarker | undefined {
  const path = join(directory, `loading-${sha256}`);
  const remove = (): void => rmSync(path, { force: true });
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, '', { flag: 'wx' });
    return { wasLeft: false, remove };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? { wasLeft: true, remove } : undefined;
  }
}
