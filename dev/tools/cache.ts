import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where one line of progress goes. */
export type Report = (line: string) => void;

const HEARTBEAT_MS = 2_000;
/** A lock whose holder has not touched it for so long belongs to a process that died. */
const STALE_LOCK_MS = 15 * HEARTBEAT_MS;
const REPORT_EVERY_MS = 5_000;

/** The folder all tools are kept in: `$XDG_CACHE_HOME` or `~/.cache`, then `modeldeployment/tools`. */
export function toolCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'modeldeployment', 'tools');
}

/** What is being made, for people. */
export interface CacheFill {
  /** The finished folder; it exists whole or not at all. */
  readonly directory: string;
  /** e.g. `building kube v1.36.3`. */
  readonly activity: string;
  readonly report: Report;
  /** Fills the (new, empty) folder it is given. `setDetail` is what the next progress line adds. */
  readonly fill: (directory: string, setDetail: (detail: string) => void) => Promise<void>;
}

/**
 * Makes a cache folder once, however many processes ask for it at the same time: one fills a folder of a temporary name and
 * renames it, the others wait. A process that dies half-way leaves nothing that is taken for a finished folder.
 */
export async function fillOnce({ directory, activity, report, fill }: CacheFill): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const lock = `${directory}.lock`;
  if (!(await acquireLock(lock, directory, () => report(`${activity}: another process is at it, waiting`)))) return;
  const temporary = `${directory}.${randomUUID().slice(0, 8)}.tmp`;
  const progress = reportProgress(activity, report, lock);
  try {
    await removeLeftovers(directory);
    await mkdir(temporary);
    await fill(temporary, progress.setDetail);
    await publish(temporary, directory);
  } finally {
    progress.end();
    await rm(temporary, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

/** @returns false when another process finished the folder meanwhile. */
async function acquireLock(lock: string, directory: string, onWait: () => void): Promise<boolean> {
  for (let waits = 0; ; waits += 1) {
    if (await exists(directory)) return false;
    try {
      await (await open(lock, 'wx')).close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(lock)) await rm(lock, { force: true });
    else {
      if (waits % 20 === 0) onWait();
      await delay(500);
    }
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs > STALE_LOCK_MS;
  } catch {
    return false;
  }
}

/** Two processes may both have thought a lock stale: the first one to rename wins, the other's work is thrown away. */
async function publish(temporary: string, directory: string): Promise<void> {
  try {
    await rename(temporary, directory);
  } catch (error) {
    if (!(await exists(directory))) throw error;
  }
}

/** Of processes that were killed half-way; called under the lock. */
async function removeLeftovers(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.`;
  for (const name of await readdir(dirname(directory))) {
    if (name.startsWith(prefix) && name.endsWith('.tmp')) await rm(join(dirname(directory), name), { recursive: true });
  }
}

function reportProgress(activity: string, report: Report, lock: string) {
  const startedAt = Date.now();
  let detail = '';
  let reportedAt = startedAt;
  const timer = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => {});
    if (Date.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = Date.now();
    report(`${activity}: ${Math.round((reportedAt - startedAt) / 1000)} s${detail && `, ${detail}`}`);
  }, HEARTBEAT_MS);
  return {
    setDetail: (text: string) => {
      detail = text;
    },
    end: () => clearInterval(timer),
  };
}

/** Whether there is anything of that name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
