import type { Invocation } from '../command.ts';
import { COMPLETION_SCRIPTS } from '../completion/scripts.ts';
import { EXIT, usageError } from '../exit-codes.ts';

/** `completion SHELL`: the script to load. */
export async function completion({ positionals: [shell = ''], terminal }: Invocation): Promise<number> {
  const script = COMPLETION_SCRIPTS[shell];
  if (script === undefined) {
    throw usageError(`there is no completion for ${shell}; there is for ${Object.keys(COMPLETION_SCRIPTS).join(', ')}`);
  }
  terminal.write(script);
  return EXIT.ok;
}
