import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAMS = ['operator', 'runtime'] as const;
/** Each has a Dockerfile and an image of its own. */
export type Program = (typeof PROGRAMS)[number];

export function isProgram(name: string): name is Program {
  return PROGRAMS.some((program) => program === name);
}

/** How an image starts its program. */
export interface ImageStart {
  /** Node's own arguments. */
  readonly flags: readonly string[];
  /** The program, a .js file. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The image's folder, as its paths begin. */
const APP = '/app/';

/**
 * What a Dockerfile says of a start, for this checkout: the one place of flags and environment. Paths in the image become those of the checkout's folder.
 * @param root of the checkout
 * @throws Error when the file has no ENTRYPOINT of node and a program
 */
export function readImageStart(root: string, program: Program): ImageStart {
  const dockerfile = `Dockerfile.${program}`;
  const text = readFileSync(join(root, dockerfile), 'utf8').replaceAll(/\\\n\s*/g, '');
  const lastStage = text.slice(text.lastIndexOf('\nFROM '));
  const here = (value: string): string => (value.startsWith(APP) ? join(root, value.slice(APP.length)) : value);
  const env: Record<string, string> = {};
  for (const [, settings = ''] of lastStage.matchAll(/^ENV (.*)$/gm)) {
    for (const [, name = '', value = ''] of settings.matchAll(/(\w+)=(\S+)/g)) env[name] = here(value);
  }
  delete env['PATH'];
  const [, list] = /^ENTRYPOINT (\[.*\])$/m.exec(lastStage) ?? [];
  const [node, ...args] = JSON.parse(list ?? '[]') as string[];
  const main = args.pop();
  if (node !== 'node' || main === undefined) throw new Error(`${dockerfile} has no ENTRYPOINT ["node", "FILE"]`);
  return { flags: args, main: join(root, main), env };
}
