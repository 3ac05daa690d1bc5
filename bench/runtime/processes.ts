import { readdirSync, readFileSync } from 'node:fs';

/** A process and everything it started, as far as it still runs. Linux only: elsewhere the process alone. */
export function processTree(root: number): number[] {
  const parents = allParents();
  const tree = [root];
  for (const pid of tree) tree.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  return tree;
}

/** Processor time of all threads of processes, in milliseconds, those that ended left out. NaN where there is no /proc. */
export function cpuMsOf(pids: readonly number[]): number {
  if (process.platform !== 'linux') return NaN;
  return pids.reduce(
    (sum, pid) => sum + threadsOf(pid).reduce((all, thread) => all + onProcessorMs(pid, thread), 0),
    0,
  );
}

/** Resident memory of processes together, in bytes; what they share counts for each. NaN where there is no /proc. */
export function residentBytesOf(pids: readonly number[]): number {
  if (process.platform !== 'linux') return NaN;
  return pids.reduce((sum, pid) => {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
    return sum + 1024 * Number(kilobytes ?? 0);
  }, 0);
}

/** Each process and the one that started it. */
function allParents(): (readonly [pid: number, parent: number])[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => {
    const text = read(`/proc/${pid}/stat`) ?? '';
    // The second field is the program's name in parentheses, which may hold anything.
    return [Number(pid), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])] as const;
  });
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Of the scheduler, in nanoseconds: the times of /proc/PID/stat come in hundredths of a second. */
function onProcessorMs(pid: number, thread: string): number {
  return Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0) / 1e6;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // The process has ended.
    return undefined;
  }
}
