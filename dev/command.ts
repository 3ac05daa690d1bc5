import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program ended with another status than 0, or could not be started. `message` has the end of what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its standard input; without it there is none. */
  readonly input?: string;
  /** One call per line of standard output and standard error, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Ends the program by SIGTERM when aborted. */
  readonly signal?: AbortSignal;
}

/** Lines of output that an error message repeats. */
const SHOWN_LINES = 20;

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws CommandError
 */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
    ...(options.signal && { signal: options.signal }),
  });
  const output = { stdout: '', all: '' };
  const collect = (text: string) => {
    output.all += text;
    for (const line of text.split('\n')) if (line.trim() !== '') options.onLine?.(line);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    collect(text);
  });
  child.stderr.setEncoding('utf8').on('data', collect);
  child.stdin.on('error', () => {}); // the program may end without reading; its status tells
  child.stdin.end(options.input ?? '');
  const status = await exitStatus(child, command);
  if (status === 0) return output.stdout;
  const said = output.all.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
  throw new CommandError(`${[command, ...args].join(' ')} ended with ${status}:\n${said}`);
}

async function exitStatus(child: ReturnType<typeof spawn>, command: string): Promise<number | string> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return code ?? signal ?? 'no status';
  } catch (error) {
    throw new CommandError(`cannot run ${command}: ${String(error)}`, { cause: error });
  }
}
