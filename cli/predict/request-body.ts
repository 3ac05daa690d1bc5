import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { usageError } from '../exit-codes.ts';

/** A body for `POST /predict`. */
export interface RequestBody {
  readonly body: string;
  readonly contentType: 'application/json' | 'text/csv';
}

/** Reads rows from a file or (`-`) from standard input. @throws CommandError */
export async function readRequestBody(source: string): Promise<RequestBody> {
  let text: string;
  try {
    text = source === '-' ? await readAll(process.stdin) : await readFile(source, 'utf8');
  } catch (cause) {
    throw usageError(`${source} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  return asRequestBody(text, source);
}

/**
 * JSON or CSV, by what the text begins with. A JSON list is the rows themselves: it is wrapped into `instances`.
 * @throws CommandError when there is nothing in it
 */
export function asRequestBody(text: string, source: string): RequestBody {
  const trimmed = text.trim();
  if (trimmed === '')
    throw usageError(`${source === '-' ? 'standard input' : source} is empty: it should hold rows as CSV or JSON`);
  // Digits are left as they are written: 64-bit integers would lose some on the way through JSON.parse.
  if (trimmed.startsWith('[')) return { body: `{"instances":${trimmed}}`, contentType: 'application/json' };
  if (trimmed.startsWith('{')) return { body: trimmed, contentType: 'application/json' };
  return { body: text, contentType: 'text/csv' };
}
