import { VERSION } from '../runtime/version.ts';
import type { CommandSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { complete } from './completion/complete.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { FlagValues, parseArguments } from './parse-arguments.ts';
import type { Terminal } from './terminal.ts';

const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h']);
const VERSIONS: ReadonlySet<string> = new Set(['version', '--version']);

export interface Surroundings {
  readonly terminal: Terminal;
  /** Name of the file that was run: kubectl runs its plugin as `kubectl-modeldeployment`. */
  readonly calledAs: string;
}

/** Runs one command line. @returns the exit code */
export async function runCommandLine(args: readonly string[], { terminal, calledAs }: Surroundings): Promise<number> {
  const program = calledAs.startsWith('kubectl-') ? 'kubectl modeldeployment' : 'modeldeployment';
  if (calledAs.startsWith('kubectl_complete-') || args[0] === '__complete') {
    const words = args[0] === '__complete' ? args.slice(1) : args;
    await complete(COMMANDS, words, { terminal, forKubectl: args[0] !== '__complete' });
    return EXIT.ok;
  }
  return dispatch(args, program, terminal);
}

async function dispatch(args: readonly string[], program: string, terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || HELP.has(name)) return help(rest[0], program, terminal);
  if (VERSIONS.has(name)) {
    terminal.print(VERSION);
    return EXIT.ok;
  }
  const spec = COMMANDS.find((command) => command.name === name);
  if (!spec) return unknown(name, program, terminal);
  try {
    return await run(spec, rest, { program, terminal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return tell(error, error.exitCode === EXIT.usage ? [`${program} ${spec.name} --help`] : [], terminal);
  }
}

function tell({ message, next, exitCode }: CommandError, help: readonly string[], terminal: Terminal): number {
  terminal.note(`${terminal.style('bad', 'error')}: ${message}`);
  for (const command of [...next, ...help]) terminal.note(`  next: ${command}`);
  return exitCode;
}

async function run(
  spec: CommandSpec,
  args: readonly string[],
  { program, terminal }: { program: string; terminal: Terminal },
): Promise<number> {
  if (spec.readsOwnArguments) {
    const flags = new FlagValues({});
    return (await spec.load())({ positionals: [], flags, terminal, program, rawArguments: args });
  }
  const { positionals, flags } = parseArguments(spec, args);
  if (flags.has('help')) {
    terminal.print(...commandHelp(spec, program));
    return EXIT.ok;
  }
  return (await spec.load())({ positionals, flags, terminal, program, rawArguments: args });
}

function help(name: string | undefined, program: string, terminal: Terminal): number {
  const spec = COMMANDS.find((command) => command.name === name);
  if (name !== undefined && !spec) return unknown(name, program, terminal);
  terminal.print(...(spec ? commandHelp(spec, program) : overviewHelp(COMMANDS, program)));
  return EXIT.ok;
}

function unknown(name: string, program: string, terminal: Terminal): number {
  terminal.note(`There is no command "${name}".`, '', ...overviewHelp(COMMANDS, program));
  return EXIT.usage;
}
