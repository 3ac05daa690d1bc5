import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandError, run } from './command.ts';

/** A port on loopback that leads to a port in the cluster until it is closed. */
export interface PortForward extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** kubectl against one cluster. */
export class Kubectl {
  readonly path: string;
  readonly #env: Readonly<Record<string, string>>;

  /** @param kubeconfig undefined: the user's own configuration and current context */
  constructor(path: string, kubeconfig: string | undefined) {
    this.path = path;
    this.#env = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig };
  }

  /** @returns standard output @throws CommandError */
  run(args: readonly string[], input?: string): Promise<string> {
    return run(this.path, args, { env: this.#env, ...(input !== undefined && { input }) });
  }

  /** @throws CommandError */
  async apply(yaml: string): Promise<void> {
    await this.run(['apply', '-f', '-'], yaml);
  }

  /** One object or list, as `kubectl get ARGS -o json` has it; undefined when there is none. @throws CommandError */
  async get<Result>(args: readonly string[]): Promise<Result | undefined> {
    const text = await this.run(['get', ...args, '--ignore-not-found', '-o', 'json']);
    return text === '' ? undefined : (JSON.parse(text) as Result);
  }

  /** Starts a command whose standard streams are pipes. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(this.path, args, { env: { ...process.env, ...this.#env }, stdio: 'pipe' });
  }

  /** @param target such as `service/iris` @param port the Service's port @throws CommandError */
  async portForward(namespace: string, target: string, port: number): Promise<PortForward> {
    const args = ['port-forward', '--address', '127.0.0.1', '--namespace', namespace, target, `:${port}`];
    const child = this.start(args);
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const localPort = await Promise.race([
      firstMatch(createInterface({ input: child.stdout }), /127\.0\.0\.1:(\d+)/),
      ended.then(() => undefined),
    ]);
    if (localPort === undefined) throw new CommandError(`${[this.path, ...args].join(' ')} ended:\n${said}`);
    return {
      url: `http://127.0.0.1:${localPort}`,
      async [Symbol.asyncDispose]() {
        child.kill();
        await ended;
      },
    };
  }
}

async function firstMatch(lines: AsyncIterable<string>, pattern: RegExp): Promise<string | undefined> {
  for await (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match[1];
  }
  return undefined;
}
