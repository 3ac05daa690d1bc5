import { flagsOf, type CommandSpec, type FlagSpec } from './command.ts';
import { hang, table, wrap } from './layout.ts';

const COLUMNS = 80;

/** What `modeldeployment --help` prints. */
export function overviewHelp(commands: readonly CommandSpec[], program: string): string[] {
  const shown = commands.filter(({ isHidden }) => !isHidden);
  return [
    `Usage: ${program} COMMAND`,
    '',
    ...table(shown.map(({ name, positionals, summary }) => [`  ${[name, ...positionals].join(' ')}`, summary])),
    '',
    `More about one: ${program} COMMAND --help`,
  ];
}

/** What `modeldeployment NAME --help` prints. */
export function commandHelp(spec: CommandSpec, program: string): string[] {
  return [
    `Usage: ${usageLine(spec, program)}`,
    '',
    ...spec.description.flatMap((paragraph) => [...wrap(paragraph, COLUMNS), '']),
    ...flagLines(flagsOf(spec)),
    ...(spec.examples.length === 0 ? [] : ['', 'Examples:']),
    ...spec.examples.flatMap(([command, what]) => ['', `  # ${what}`, `  ${withProgram(command, program)}`]),
  ];
}

function flagLines(flags: readonly FlagSpec[]): string[] {
  const leads = table(flags.map((flag) => [`  ${flagUsage(flag)}`, '|'])).map((line) => line.slice(0, -1));
  return flags.flatMap((flag, index) => hang(leads[index] ?? '', flagHelp(flag), COLUMNS));
}

/** `modeldeployment why NAME [flags]` */
export function usageLine({ name, positionals }: CommandSpec, program: string): string {
  return [program, name, ...positionals, '[flags]'].join(' ');
}

/** `-n, --namespace NAME` */
export function flagUsage({ name, short, value }: FlagSpec): string {
  return `${short ? `-${short}, ` : ''}--${name}${value === undefined ? '' : ` ${value}`}`;
}

export function flagHelp({ help, choices }: FlagSpec): string {
  return choices ? `${help}: ${choices.join(', ')}` : help;
}

/** Examples are written for `modeldeployment`. */
function withProgram(command: string, program: string): string {
  return command.replaceAll(/(^|[|&] )modeldeployment /g, `$1${program} `);
}
