import { readFileSync } from 'node:fs';

/** Whether a process runs. One that has ended and is not yet reaped by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return processState(pid) !== 'Z';
}

/** The state letter of /proc/PID/stat, or undefined where there is none. */
function processState(pid: number): string | undefined {
  try {
    // The second field, the program's name in parentheses, may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0];
  } catch {
    return undefined;
  }
}
