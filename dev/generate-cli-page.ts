/** The table of commands in cli/specs/ -> docs/cli.md: what --help says, on one page. */
import { writeFile } from 'node:fs/promises';
import { CLUSTER_FLAGS, HELP_FLAG, type CommandSpec, type FlagSpec } from '../cli/command.ts';
import { COMMANDS } from '../cli/commands.ts';
import { EXIT_CODE_MEANINGS } from '../cli/exit-codes.ts';
import { flagHelp, flagUsage, usageLine } from '../cli/help.ts';

/** Where the page is committed. */
export const CLI_PAGE = new URL('../docs/cli.md', import.meta.url);

const INTRODUCTION = `<!-- Generated from cli/specs/ by \`npm run generate\`. Do not edit. -->

# The command line

\`npx modeldeployment COMMAND\`, and as a plugin of kubectl \`kubectl modeldeployment COMMAND\`, are the same program; from a checkout it is \`node cli/main.ts COMMAND\`.
After \`npm install --global modeldeployment\` kubectl finds the plugin by itself.

Results go to standard output, progress, notes and errors to standard error. Colour only in a terminal, and not when \`NO_COLOR\` is set. With \`-o json\` the output is for programs: members
may be added to it, not taken away.
`;

const PROGRAM = 'modeldeployment';

/** The whole page, as committed. */
export function generateCliPage(): string {
  const shown = COMMANDS.filter(({ isHidden }) => !isHidden);
  const overview = shown.map(({ name, summary }) => `| [\`${name}\`](#${name}) | ${cell(summary)} |`);
  return [
    INTRODUCTION,
    ['| command | |', '| --- | --- |', ...overview, ''].join('\n'),
    exitCodes(),
    clusterFlags(),
    ...shown.map(section),
  ].join('\n');
}

function exitCodes(): string {
  const rows = EXIT_CODE_MEANINGS.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  const note = '`serve` keeps to the pod: 1 for whatever it refuses, with the [reason](reasons.md) in front.\n';
  return ['## Exit codes\n', '| code | |', '| --- | --- |', ...rows, '', note].join('\n');
}

function clusterFlags(): string {
  const rows = [...CLUSTER_FLAGS, HELP_FLAG].map(flagRow);
  return ['## Flags of every command that talks to a cluster\n', '| flag | |', '| --- | --- |', ...rows, ''].join('\n');
}

function section(spec: CommandSpec): string {
  const flags = spec.flags.length === 0 ? [] : ['| flag | |', '| --- | --- |', ...spec.flags.map(flagRow), ''];
  const examples = spec.examples.flatMap(([command, what]) => [`# ${what}`, command]);
  return [
    `## ${spec.name}\n`,
    ...spec.description.map((paragraph) => `${paragraph}\n`),
    ['```sh', usageLine(spec, PROGRAM), '', ...examples, '```', ''].join('\n'),
    ...flags,
  ].join('\n');
}

function flagRow(flag: FlagSpec): string {
  return `| \`${flagUsage(flag)}\` | ${cell(flagHelp(flag))} |`;
}

/** Bars would end a cell. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

if (import.meta.main) await writeFile(CLI_PAGE, generateCliPage());
