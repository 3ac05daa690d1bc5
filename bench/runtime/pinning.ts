import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Server and client have a core each, so that neither takes the other's time. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

/** Whether processes can be kept to a core here: two cores and util-linux's `taskset`. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

let niceness = 0;

/** Puts servers and client before (negative: needs root) other programs of this machine, where it cannot be had for itself. */
export function setNiceness(value: number): void {
  niceness = value;
}

/** The command line that runs a command on one core only; the command itself where that cannot be had. */
export function onCore(core: number, command: readonly string[]): string[] {
  const pinned = CAN_PIN ? ['taskset', '--cpu-list', String(core), ...command] : [...command];
  return niceness === 0 ? pinned : ['nice', '-n', String(niceness), ...pinned];
}

/** Keeps this process, which only waits while others are measured, away from the servers' core. */
export function leaveServerCore(): void {
  if (CAN_PIN) spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(CLIENT_CORE), String(process.pid)]);
}
