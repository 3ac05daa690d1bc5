import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/**
 * Outlives this process by a moment: when its standard input ends, which happens however this process ends, it kills the process
 * groups and removes the folders it was told of. Node cannot ask the kernel for a parent-death signal itself.
 */
const GUARD_SCRIPT = `
trap '' INT TERM HUP QUIT
groups=' '
set --
while read -r what which; do
  case $what in
    watch) groups="$groups$which " ;;
    forget) groups=$(printf %s "$groups" | sed "s/ $which / /g") ;;
    remove) set -- "$@" "$which" ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
sleep 0.2
[ $# = 0 ] || rm -rf -- "$@"
`;

let guard: ChildProcess | undefined;

function tellGuard(what: 'watch' | 'forget' | 'remove', which: string): void {
  if (guard === undefined) {
    // Detached, so that Ctrl-C in the terminal does not end the guard before its work is done.
    guard = spawn('sh', ['-c', GUARD_SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    guard.unref();
    // A failing write means that the guard is gone, and with it the container it lived in.
    guard.stdin!.on('error', () => {});
    (guard.stdin as { unref?: () => void }).unref?.();
  }
  guard.stdin!.write(`${what} ${which}\n`);
}

/** Removes a folder when this process has ended, however it ends. */
export function removeAtExit(directory: string): void {
  tellGuard('remove', directory);
}

/** A child process that never outlives this one, not even when this one is killed. */
export interface GuardedProcess {
  readonly pid: number;
  /** File its standard output and error go to. */
  readonly logFile: string;
  hasExited(): boolean;
  /** undefined while it runs, and when a signal ended it. */
  readonly exitCode: number | undefined;
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
  /** Ends it, resolving when it has ended. Default SIGKILL: what it worked on is thrown away. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface GuardedProcessOptions {
  /** Appended to. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Default: this process's. */
  readonly workingDirectory?: string | undefined;
}

/**
 * Starts a program in a process group of its own, without keeping this process's event loop alive.
 * @throws Error (ENOENT, EACCES) when it cannot be started
 */
export async function startGuarded(
  command: string,
  args: readonly string[],
  { logFile, env = process.env, workingDirectory }: GuardedProcessOptions,
): Promise<GuardedProcess> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], detached: true, env, cwd: workingDirectory });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // Before the first await, so that there is no moment in which nobody watches the new process.
  if (child.pid !== undefined) tellGuard('watch', String(child.pid));
  await once(child, 'spawn');
  child.unref();
  const pid = child.pid!;
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  void exited.then(() => tellGuard('forget', String(pid)));
  return {
    pid,
    logFile,
    hasExited,
    get exitCode() {
      return child.exitCode ?? undefined;
    },
    exited,
    async stop(signal = 'SIGKILL') {
      if (hasExited()) return;
      child.kill(signal);
      // The event loop has to stay alive for this wait, which an unreferenced child does not do.
      child.ref();
      await exited;
    },
  };
}

/** The last lines a process wrote, for error messages. */
export function logTail(logFile: string, lines = 15): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
