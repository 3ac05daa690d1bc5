import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import type { Invocation } from '../command.ts';
import { convertObject } from '../convert/convert.ts';
import { isObject, type Plain } from '../convert/source-object.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { hang } from '../layout.ts';

/** `convert FILE...`: objects of other systems as ModelDeployments on standard output. */
export async function convert({ positionals: [source = ''], terminal }: Invocation): Promise<number> {
  const conversions = parse(await read(source), source).map(convertObject);
  const converted = conversions.flatMap(({ yaml }) => (yaml === undefined ? [] : [yaml]));
  terminal.write(converted.join('---\n'));
  for (const { subject, refusals } of conversions) {
    if (refusals.length === 0) continue;
    terminal.note(`${terminal.style('bad', 'refused')}: ${subject}`);
    terminal.note(...refusals.flatMap(({ field, reason }) => hang('  - ', `${field}: ${reason}`, terminal.columns)));
  }
  return converted.length === conversions.length ? EXIT.ok : EXIT.actionNeeded;
}

async function read(source: string): Promise<string> {
  try {
    return source === '-' ? await readAll(process.stdin) : await readFile(source, 'utf8');
  } catch (cause) {
    throw usageError(`${source} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

/** Documents of YAML or JSON, and the items of lists. @throws CommandError */
function parse(text: string, source: string): Plain[] {
  const documents = parseAllDocuments(text);
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error) throw usageError(`${source} is neither YAML nor JSON: ${error.message.split('\n')[0]}`, error);
  const values = documents.map((document): Plain => document.toJS()).filter((value) => value !== null);
  if (values.length === 0) throw usageError(`${source} is empty`);
  return values.flatMap((value) =>
    isObject(value) && Array.isArray(value['items']) ? (value['items'] as Plain[]) : [value],
  );
}
