import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { onCore } from './pinning.ts';

type Answer = { readonly result: unknown } | { readonly error: string };

/** A program of ours in a process and on a core of its own, which does what it is asked, one thing after the other. */
export class AskedProcess {
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error(`a process of the benchmark ended: ${child.spawnargs.join(' ')}`);
    });
    // It also ends when nobody asks it any more.
    this.#ended.catch(() => {});
  }

  /**
   * Resolves once it takes requests.
   * @param args a TypeScript file that calls `answerRequests`, and its arguments
   */
  static async start(core: number, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<AskedProcess> {
    const [command, ...rest] = onCore(core, [process.execPath, ...args]);
    const child = spawn(command!, rest, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, ...env },
    });
    const started = new AskedProcess(child);
    await started.#answer();
    return started;
  }

  /** @throws Error with the text of what it threw, or when it has ended */
  ask(request: unknown): Promise<unknown> {
    this.#process.send(request as object);
    return this.#answer();
  }

  /** Others on its core go first from now on. */
  giveWay(): void {
    setPriority(this.#process.pid!, constants.priority.PRIORITY_LOW);
  }

  close(): void {
    this.#process.disconnect();
  }

  async #answer(): Promise<unknown> {
    const [answer] = (await Promise.race([once(this.#process, 'message'), this.#ended])) as [Answer];
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }
}

/** The other side: answers the parent's requests until it goes away. */
export function answerRequests(answer: (request: never) => Promise<unknown>): void {
  const send = (message: Answer): void => void process.send!(message);
  process.on('message', (request) => {
    answer(request as never).then(
      (result) => send({ result }),
      (error: unknown) => send({ error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  send({ result: 'ready' });
}
