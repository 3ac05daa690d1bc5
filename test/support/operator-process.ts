import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuardedProcess } from '../../dev/guarded-process.ts';
import { logTail, startGuarded } from '../../dev/guarded-process.ts';
import { throwAwayDirectory } from '../../dev/throw-away-directory.ts';
import { eventually } from './eventually.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'operator', 'main.ts');

export interface OperatorProcessOptions {
  readonly kubeconfig: string;
  /** Beside the test's own; ports are free ones unless told. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node's arguments; default: the program's own file. */
  readonly command?: readonly string[];
}

/** A line of the operator's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The operator in a process of its own, which never outlives this one. */
export class OperatorProcess {
  readonly #process: GuardedProcess;

  /** For `startOperator` only. */
  constructor(process: GuardedProcess) {
    this.#process = process;
  }

  /** Ends it. Default SIGTERM: as Kubernetes does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process.stop(signal);
  }

  /** SIGSTOP: it stands still, as on a machine that hangs; SIGCONT: it goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#process.pid, signal);
  }

  get hasExited(): boolean {
    return this.#process.hasExited();
  }

  /** undefined while it runs, and when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#process.exitCode;
  }

  /** Every line it has written so far. */
  log(): LogLine[] {
    return readFileSync(this.#process.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** HTTP status and body of its health server. */
  async health(path: '/livez' | '/readyz'): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#port('healthPort')}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** /metrics as it answers. */
  async metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port('metricsPort')}/metrics`);
    return response.text();
  }

  /** The sum over all series of a metric whose labels hold all of these. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return (await this.metrics())
      .split('\n')
      .filter(
        (line) => line.startsWith(`modeldeployment_operator_${name}`) && wanted.every((text) => line.includes(text)),
      )
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Number of passes that have ended. */
  passes(): Promise<number> {
    return this.metric('reconcile_duration_seconds_count');
  }

  /** Resolves once its caches are synced and every watch works. */
  async untilReady(): Promise<void> {
    await eventually(
      async () => {
        if (this.hasExited) throw new Error(`the operator ended:\n${logTail(this.#process.logFile)}`);
        const { status, body } = await this.health('/readyz');
        if (status !== 200) throw new Error(`/readyz answers ${status} ${body}`);
      },
      { timeoutMs: 60_000 },
    );
  }

  /** Resolves once it has done its last pass: no more follow for a while. */
  async untilQuiet(quietMs = 400): Promise<void> {
    let last = -1;
    await eventually(
      async () => {
        const passes = await this.passes();
        const open = (await this.metric('queue_depth')) + (await this.metric('reconciling'));
        const isQuiet = passes === last && open === 0;
        last = passes;
        if (!isQuiet) throw new Error(`${passes} passes, and more to come`);
      },
      { intervalMs: quietMs, timeoutMs: 60_000 },
    );
  }

  #port(name: 'healthPort' | 'metricsPort'): number {
    const line = this.log().find((line) => typeof line[name] === 'number');
    if (!line) throw new Error(`the operator has not started yet:\n${logTail(this.#process.logFile)}`);
    return Number(line[name]);
  }
}

/** Starts it; `untilReady` waits for more. */
export async function startOperator({
  kubeconfig,
  env = {},
  command = [MAIN],
}: OperatorProcessOptions): Promise<OperatorProcess> {
  const directory = await throwAwayDirectory('operator');
  const process_ = await startGuarded(process.execPath, command, {
    logFile: join(directory, 'operator.log'),
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      KUBECONFIG: kubeconfig,
      HEALTH_PORT: '0',
      METRICS_PORT: '0',
      MODEL_POLL_INTERVAL: '1s',
      LOG_LEVEL: 'debug',
      ...env,
    },
  });
  return new OperatorProcess(process_);
}
