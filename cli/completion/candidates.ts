import { flagsOf, type CommandSpec, type FlagSpec } from '../command.ts';

/** What may stand where the cursor is. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Names of files: the shell knows them. */
  | { readonly kind: 'files' }
  /** Names of ModelDeployments that begin with the last word; the flags before it say where. */
  | { readonly kind: 'models' };

const SOURCES = new Set(['FILE', 'PATH', 'SOURCE', 'FOLDER']);

/**
 * Completes a command line.
 * @param words everything behind the program's name, the word at the cursor last (empty when it has not begun)
 */
export function completeWords(commands: readonly CommandSpec[], words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const [name] = words;
  if (words.length <= 1)
    return beginning(
      current,
      commands.filter(({ isHidden }) => !isHidden).map((spec) => spec.name),
    );
  const spec = commands.find((command) => command.name === name);
  if (!spec) return beginning(current, []);
  const known = flagsOf(spec);
  const valueOf = flagAt(known, words.at(-2));
  if (valueOf?.value !== undefined) return valuesOf(valueOf, current);
  if (current.startsWith('-'))
    return beginning(
      current,
      known.map((flag) => `--${flag.name}`),
    );
  return positional(spec, positionalsBefore(known, words.slice(1, -1)), current);
}

function valuesOf({ choices, value }: FlagSpec, current: string): Candidates {
  if (choices) return beginning(current, choices);
  return SOURCES.has(value ?? '') ? { kind: 'files' } : { kind: 'words', words: [] };
}

function positional(spec: CommandSpec, index: number, current: string): Candidates {
  const expected = spec.positionals[index]?.replaceAll(/[[\]]/g, '');
  if (expected === undefined) return { kind: 'words', words: [] };
  if (expected === 'SHELL') return beginning(current, ['bash', 'zsh', 'fish']);
  return SOURCES.has(expected) ? { kind: 'files' } : { kind: 'models' };
}

function positionalsBefore(known: readonly FlagSpec[], words: readonly string[]): number {
  return words.filter((word, index) => !word.startsWith('-') && flagAt(known, words[index - 1])?.value === undefined)
    .length;
}

/** The flag that a word is: `-n` or `--namespace`. */
function flagAt(known: readonly FlagSpec[], word: string | undefined): FlagSpec | undefined {
  return known.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

function beginning(current: string, words: readonly string[]): Candidates {
  return { kind: 'words', words: words.filter((word) => word.startsWith(current)) };
}
