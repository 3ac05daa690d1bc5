import { readFileSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GuardedProcess } from '../../dev/guarded-process.ts';
import { logTail, startGuarded } from '../../dev/guarded-process.ts';
import { readImageStart } from '../../dev/images/image-start.ts';
import { throwAwayDirectory } from '../../dev/throw-away-directory.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Of /proc/PID/stat: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const TICKS_PER_SECOND = 100;
const IDLE_TIMEOUT_MS = 600_000;

/** The operator as its image has it, built before by `make build`, in a folder that is removed at the end: the next build does not change what runs. */
export async function copyOperator(): Promise<string> {
  const directory = await throwAwayDirectory('bench-operator');
  for (const path of ['dist/bundle/operator', 'package.json', 'Dockerfile.operator']) {
    await cp(join(ROOT, path), join(directory, path), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

/** What the kernel says of a process. */
export interface ProcessUse {
  /** User and system time so far, seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** What is asked of an operator that is measured. */
export interface MeasuredProcess {
  use(): ProcessUse;
  /** @throws Error when it has ended */
  assertRuns(): void;
  untilIdle?(): Promise<unknown>;
}

export function useOf(pid: number): ProcessUse {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kilobytes('VmRSS') * 1024,
    peakRssBytes: kilobytes('VmHWM') * 1024,
  };
}

/** A running operator, measured from outside. */
export class OperatorProcess implements MeasuredProcess {
  readonly #process: GuardedProcess;

  private constructor(process: GuardedProcess) {
    this.#process = process;
  }

  /** @param directory of `copyOperator` */
  static async start(directory: string, env: Readonly<Record<string, string>>): Promise<OperatorProcess> {
    const image = readImageStart(directory, 'operator');
    const home = await throwAwayDirectory('bench-operator-run');
    const started = await startGuarded(process.execPath, [...image.flags, image.main], {
      logFile: join(home, 'operator.log'),
      env: { PATH: process.env['PATH'], HOME: home, HEALTH_PORT: '0', METRICS_PORT: '0', ...image.env, ...env },
    });
    return new OperatorProcess(started);
  }

  get hasExited(): boolean {
    return this.#process.hasExited();
  }

  /** @throws Error with the end of its log: it has ended, so nothing that is waited for will come */
  assertRuns(): void {
    if (this.hasExited) throw new Error(`the operator ended:\n${logTail(this.logFile)}`);
  }

  get logFile(): string {
    return this.#process.logFile;
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return this.#process.stop(signal);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasExited) process.kill(this.#process.pid, signal);
  }

  use(): ProcessUse {
    return useOf(this.#process.pid);
  }

  /** Sums over all series of some metrics, by their names without the common prefix. */
  async metrics<Name extends string>(...names: readonly Name[]): Promise<Record<Name, number>> {
    const response = await fetch(`http://127.0.0.1:${this.#port('metricsPort')}/metrics`);
    const lines = (await response.text()).split('\n');
    const sum = (name: string): number =>
      lines
        .filter((line) => line.startsWith(`modeldeployment_operator_${name}`))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
    return Object.fromEntries(names.map((name) => [name, sum(name)])) as Record<Name, number>;
  }

  /** Status of /readyz; 0: no answer. */
  async readiness(): Promise<number> {
    try {
      return (await fetch(`http://127.0.0.1:${this.#port('healthPort')}/readyz`)).status;
    } catch {
      return 0;
    }
  }

  /** Ready, leading, and nothing to do for `quietMs`. @returns milliseconds since some moment, when its last pass had ended */
  async untilIdle(quietMs = 500): Promise<number> {
    const deadline = performance.now() + IDLE_TIMEOUT_MS;
    let passes = -1;
    let since = performance.now();
    for (;;) {
      this.assertRuns();
      const state = await this.#state().catch(() => undefined);
      if (state?.passes !== passes || !state.isIdle) {
        passes = state?.passes ?? -1;
        since = performance.now();
      }
      if (performance.now() - since >= quietMs) return since;
      if (performance.now() > deadline) throw new Error(`not idle after ${IDLE_TIMEOUT_MS / 1_000} s`);
      // Not more often: the operator takes a millisecond or two to write its metrics.
      await delay(100);
    }
  }

  async #state(): Promise<{ passes: number; isIdle: boolean }> {
    const seen = await this.metrics('reconcile_duration_seconds_count', 'queue_depth', 'reconciling', 'leader');
    const isReady = seen.leader === 1 && (await this.readiness()) === 200;
    const isIdle = isReady && seen.queue_depth + seen.reconciling === 0;
    return { passes: seen.reconcile_duration_seconds_count, isIdle };
  }

  #port(name: 'healthPort' | 'metricsPort'): number {
    const line = readFileSync(this.logFile, 'utf8')
      .split('\n')
      .find((text) => text.includes(`"${name}"`));
    if (line === undefined) throw new Error('the operator has not started yet');
    return Number((JSON.parse(line) as Record<string, unknown>)[name]);
  }
}
