import { readFileSync } from 'node:fs';
import { ModelFailure } from '../errors.ts';

/** Part of the memory limit from which on the kernel may act at any moment. */
const MEMORY_SHARE = 0.95;

/** Whether so much memory is used that the kernel may act at any moment. Bytes. */
export function isNearLimit(usedBytes: number, limitBytes: number): boolean {
  return usedBytes > limitBytes * MEMORY_SHARE;
}

/** The refusal of a model that does not fit into memory. */
export function tooLarge(limitBytes: number, cause?: unknown): ModelFailure {
  const limit = `${Math.round(limitBytes / 2 ** 20)} MiB`;
  return new ModelFailure(
    'ModelTooLarge',
    `the model needs more memory than the limit of ${limit}: raise spec.resources.limits.memory, or export a smaller model`,
    { cause },
  );
}

/** Memory that the kernel cannot take back from a process; 0 where it is not told (not Linux, or the process has ended). */
export function anonymousBytes(pid: number | 'self' | undefined): number {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The most of such memory that this process has had at once, about; 0 where it is not told. */
export function peakAnonymousBytes(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
    return Math.max(0, kib('VmHWM') - kib('RssFile')) * 1024;
  } catch {
    return 0;
  }
}
