import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** So much nicer than the process, a thread gets a tenth of what the others get of a core that both want (sched(7)). */
const NICER = 10;
const NICEST = 19;

/**
 * Lets the other threads of this process go first where they share a core with this one, and with threads that it starts: with a CPU limit of one core, an
 * event loop that waits behind inference answers health checks late, and refuses late. Linux gives every thread a niceness of its own
 * (setpriority(2), "C library/kernel differences"); elsewhere nothing is done.
 */
export function yieldCore(): void {
  try {
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, Math.min(NICEST, getPriority() + NICER));
  } catch {
    // No /proc, or not allowed: slower health checks under overload are no reason to serve nothing.
  }
}
