/** What a process ends with, and docs/cli.md lists. One number means the same for every command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  actionNeeded: 3,
  notYet: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The same in words. */
export const EXIT_CODE_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'Done; the model is ready, nothing differs, every check passed.'],
  [
    EXIT.failed,
    'It could not be done: the cluster does not answer or refuses, there is no such object, a request failed.',
  ],
  [EXIT.usage, 'The command line or a file given to it is wrong; nothing was sent to the cluster.'],
  [
    EXIT.actionNeeded,
    'Looked at, and a person must act: the model is stalled, what serves differs, a check failed, a file cannot be converted.',
  ],
  [EXIT.notYet, 'Nothing is wrong, but it is not ready: still starting, or --timeout has passed.'],
  [130, 'Interrupted by Ctrl-C.'],
];

/** Ends a command with one line for people on standard error. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  /** What to type next, a line each. */
  readonly next: readonly string[];
  constructor(
    message: string,
    options: { exitCode?: ExitCode; next?: readonly string[] | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.next = options.next ?? [];
  }
}

/** A wrong command line. */
export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage, cause });
}
