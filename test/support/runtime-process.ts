import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A line of the runtime's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Node program of this repository in a process of its own. It is killed when disposed of. */
export class NodeProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  stdout = '';
  stderr = '';

  /** @param args the program's path from the repository's root, and its arguments */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    this.#process = spawn(process.execPath, [join(ROOT, args[0]!), ...args.slice(1)], {
      cwd: ROOT,
      env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#process, 'close');
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /** Process id. */
  get pid(): number {
    return this.#process.pid!;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async exit(): Promise<Exit> {
    await this.#closed;
    return { code: this.#process.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** The first match in what it prints, waited for. @throws Error with all output when it ends without */
  async printed(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    return eventually(
      () => {
        const match = pattern.exec(this.stdout);
        if (match) return match;
        const { exitCode, signalCode } = this.#process;
        throw new Error(`${pattern} is not printed (exit ${exitCode ?? signalCode}):\n${this.stdout}\n${this.stderr}`);
      },
      { timeoutMs, intervalMs: 20 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
  }
}

/** `runtime/main.ts` as its image runs it, on free loopback ports. */
export class RuntimeProcess extends NodeProcess {
  /**
   * @param env of the contract
   * @param main another build of it
   */
  constructor(env: Readonly<Record<string, string>>, main = 'runtime/main.ts') {
    super([main], { HOST: '127.0.0.1', HTTP_PORT: '0', GRPC_PORT: '0', METRICS_PORT: '0', ...env });
  }

  /** Every line it has logged so far. */
  log(): LogLine[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** The line with this message, waited for. */
  async logged(message: string): Promise<LogLine> {
    await this.printed(new RegExp(`"msg":"${message}"`));
    return eventually(() => {
      const found = this.log().find(({ msg }) => msg === message);
      if (found) return found;
      throw new Error(`"${message}" is not logged`);
    });
  }

  /** `http://127.0.0.1:PORT` of predictions and health, from the moment it listens. */
  async url(port: 'httpPort' | 'grpcPort' | 'metricsPort' = 'httpPort'): Promise<string> {
    return `http://127.0.0.1:${String((await this.logged('listening'))[port])}`;
  }

  /** HTTP status of a path. */
  async status(path: string): Promise<number> {
    const response = await fetch(`${await this.url()}${path}`);
    await response.body?.cancel();
    return response.status;
  }
}
