import { get } from 'node:http';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../../dev/free-port.ts';
import { logTail, removeAtExit, startGuarded, type GuardedProcess } from '../../../dev/guarded-process.ts';
import type { BenchModel } from '../models.ts';
import { onCore, SERVER_CORE } from '../pinning.ts';
import { processTree } from '../processes.ts';
import type { ServerDefinition } from './definition.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 2;

/** A server program that answers, on a core of its own. It is stopped (SIGSTOP) whenever it is not measured. */
export class RunningServer {
  readonly definition: ServerDefinition;
  readonly port: number;
  /** From the start of the program to its first 200. */
  readonly readyMs: number;
  readonly #process: GuardedProcess;
  /** With its workers. */
  readonly pids: readonly number[];

  private constructor(definition: ServerDefinition, process: GuardedProcess, ready: { port: number; readyMs: number }) {
    this.definition = definition;
    this.#process = process;
    this.port = ready.port;
    this.readyMs = ready.readyMs;
    this.pids = processTree(process.pid);
  }

  /** @throws Error with the end of its log, when it ends or does not become ready */
  static async start(definition: ServerDefinition, model: BenchModel): Promise<RunningServer> {
    const [port] = (await freePorts(1)) as [number];
    const { command, env, folder: workingDirectory } = definition.command(model, port);
    const folder = await mkdtemp(join(tmpdir(), `bench-${definition.name}-`));
    removeAtExit(folder);
    const [program, ...args] = onCore(SERVER_CORE, command);
    const startedMs = performance.now();
    const process = await startGuarded(program!, args, {
      logFile: join(folder, 'log'),
      env: inherited(env, folder),
      workingDirectory,
    });
    const server = `${definition.name} with ${model.name}`;
    while ((await statusOf(port, definition.readyPath)) !== 200) {
      if (process.hasExited()) throw new Error(`${server} ended:\n${logTail(process.logFile)}`);
      if (performance.now() - startedMs > READY_TIMEOUT_MS) {
        throw new Error(`${server} is not ready after ${READY_TIMEOUT_MS} ms:\n${logTail(process.logFile)}`);
      }
      await delay(POLL_MS);
    }
    const readyMs = performance.now() - startedMs;
    if (process.hasExited()) throw new Error(`another program answers on the port of ${server}`);
    return new RunningServer(definition, process, { port, readyMs });
  }

  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  /** @throws Error when it has ended by itself */
  requireAlive(): void {
    if (this.#process.hasExited()) {
      throw new Error(`${this.definition.name} ended:\n${this.log}`);
    }
  }

  /** The last lines it wrote, for error messages. */
  get log(): string {
    return logTail(this.#process.logFile);
  }

  async stop(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#process.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of new Set([...this.pids, ...processTree(this.#process.pid)])) {
      try {
        process.kill(pid, signal);
      } catch {
        // A worker that has ended by itself.
      }
    }
  }
}

/** The environment of this process without what would make a server another one. */
function inherited(env: Readonly<Record<string, string>>, folder: string): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG, TMPDIR: folder, ...env };
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ port, path, host: '127.0.0.1', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', () => resolve(undefined));
    request.setTimeout(1000, () => request.destroy());
  });
}
