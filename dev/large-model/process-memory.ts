import { readFile } from 'node:fs/promises';

/** Memory of a process in bytes, as Linux counts it. */
export interface ProcessMemory {
  /** Most that was resident at any time, pages of mapped files included, which the kernel takes back when it needs them. */
  readonly peakResidentBytes: number;
  /** Resident now, without mapped files. */
  readonly anonymousBytes: number;
}

/** @returns undefined when there is no such process any more @throws Error where there is no /proc (not Linux) */
export async function readProcessMemory(pid: number): Promise<ProcessMemory | undefined> {
  const status = await readStatus(pid);
  if (status === undefined || !status.includes('VmHWM')) return undefined;
  const bytes = (field: string): number =>
    1024 * Number(new RegExp(String.raw`^${field}:\s+(\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  return { peakResidentBytes: bytes('VmHWM'), anonymousBytes: bytes('RssAnon') };
}

/** Pids of the processes that a process has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

async function readStatus(pid: number): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/status`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || (code === 'ENOENT' && process.platform === 'linux')) return undefined;
    throw error;
  }
}
