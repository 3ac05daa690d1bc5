import { parseArgs } from 'node:util';
import { durationToMs } from '../operator/api/duration.ts';
import { flagsOf, positionalRange, type CommandSpec, type FlagSpec } from './command.ts';
import { usageError } from './exit-codes.ts';

/** The flags that were given, read by name. */
export class FlagValues {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(values: Readonly<Record<string, string | boolean | undefined>>) {
    this.#values = values;
  }

  /** A flag without a value. */
  has(name: string): boolean {
    return this.#values[name] === true;
  }

  /** undefined: not given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** @throws CommandError when it is no whole number between the two */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw usageError(`--${name} ${text}: expected a whole number from ${minimum} to ${maximum}`);
  }

  /** A duration such as 30s or 5m, in milliseconds. @throws CommandError */
  durationMs(name: string, defaultMs: number): number {
    const text = this.text(name);
    if (text === undefined) return defaultMs;
    try {
      return durationToMs(text);
    } catch (cause) {
      throw usageError(`--${name} ${text}: expected a duration such as 30s or 5m`, cause);
    }
  }
}

export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
}

/** Reads the command line of a command. @throws CommandError that says what is wrong with it */
export function parseArguments(spec: CommandSpec, args: readonly string[]): ParsedArguments {
  const known = flagsOf(spec);
  const { values, positionals } = readWords(known, args);
  const flags = new FlagValues({ ...values });
  if (flags.has('help')) return { positionals: [], flags };
  for (const { name, choices } of known) {
    const text = flags.text(name);
    if (text === '') throw usageError(`--${name} is empty`);
    if (choices && text !== undefined && !choices.includes(text)) {
      throw usageError(`--${name} ${text}: expected ${listOf(choices)}`);
    }
  }
  const { least, most } = positionalRange(spec);
  if (positionals.length < least) throw usageError(`${spec.positionals[positionals.length]} is missing`);
  const [extra] = positionals.slice(most);
  if (extra !== undefined) throw usageError(`"${extra}" is one argument too many`);
  return { positionals, flags };
}

function readWords(known: readonly FlagSpec[], args: readonly string[]) {
  const options = Object.fromEntries(
    known.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short ? { short } : {}) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    // Node's hint about positional arguments after "--" helps nobody here.
    throw usageError((error as Error).message.split('. ')[0] ?? '', error);
  }
}

function listOf(choices: readonly string[]): string {
  const last = choices.at(-1) ?? '';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}
