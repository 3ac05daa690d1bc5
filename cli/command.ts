import type { Terminal } from './terminal.ts';
import type { FlagValues } from './parse-arguments.ts';

/** An option of a command. */
export interface FlagSpec {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for its value in the help; without it the flag takes none. */
  readonly value?: string;
  readonly help: string;
  /** The only values there are, for completion and the check. */
  readonly choices?: readonly string[];
}

/** What a command is, for its help, its page and completion; its code is loaded only when it runs. */
export interface CommandSpec {
  readonly name: string;
  /** What it does: one line without a full stop. */
  readonly summary: string;
  /** Positional arguments as the usage line shows them: `NAME`, `[NAME]`, `PATH`. */
  readonly positionals: readonly string[];
  /** Paragraphs under the usage line. */
  readonly description: readonly string[];
  readonly flags: readonly FlagSpec[];
  /** What to type, and what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Talks to a cluster: takes --namespace, --context and --kubeconfig, and completes names of ModelDeployments. */
  readonly usesCluster: boolean;
  /** Left out of the list of commands. */
  readonly isHidden?: boolean;
  /** Gets its arguments unread. */
  readonly readsOwnArguments?: boolean;
  /** Its code. */
  readonly load: () => Promise<Run>;
}

/** One call of a command. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
  readonly terminal: Terminal;
  /** `modeldeployment`, or `kubectl modeldeployment` as a plugin of kubectl. */
  readonly program: string;
  /** Everything behind the command's name, unread. */
  readonly rawArguments: readonly string[];
}

/** @returns the exit code @throws CommandError */
export type Run = (invocation: Invocation) => Promise<number>;

/** Flags of every command that talks to a cluster, named as kubectl names them. */
export const CLUSTER_FLAGS: readonly FlagSpec[] = [
  { name: 'namespace', short: 'n', value: 'NAME', help: "namespace (the kubeconfig context's)" },
  { name: 'context', value: 'NAME', help: 'context of the kubeconfig (the current one)' },
  { name: 'kubeconfig', value: 'FILE', help: 'kubeconfig file (KUBECONFIG, else ~/.kube/config)' },
];

/** Of commands whose result a program may want to read. */
export const OUTPUT_JSON: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'instead of text',
  choices: ['json'],
};

export const HELP_FLAG: FlagSpec = { name: 'help', short: 'h', help: 'this text' };

/** Every flag that a command takes. */
export function flagsOf({ flags, usesCluster }: Pick<CommandSpec, 'flags' | 'usesCluster'>): readonly FlagSpec[] {
  return [...flags, ...(usesCluster ? CLUSTER_FLAGS : []), HELP_FLAG];
}

/** Least and most positional arguments. */
export function positionalRange({ positionals }: Pick<CommandSpec, 'positionals'>): { least: number; most: number } {
  const required = positionals.filter((name) => !name.startsWith('['));
  return { least: required.length, most: positionals.length };
}
