import { Buffer, isUtf8 } from 'node:buffer';
import { invalidInput } from '../errors.ts';

export interface JsonLimits {
  /** Lists and objects inside one another; tensors of real models need fewer than ten. */
  readonly maxDepth: number;
  /** What a body of this protocol looks like, for messages. Default: V1's. */
  readonly example?: string | undefined;
}

/** As deep as Triton reads. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 100 };

/** A parsed document and the text it came from (JSON in the place of bare NaN tokens). */
export interface JsonDocument {
  readonly value: unknown;
  readonly text: string;
}

/**
 * Parses a request body: UTF-8 JSON, a byte order mark allowed. Of a key that comes twice the last one counts, as in Python and JavaScript.
 * Bare tokens that Python's json module writes are taken: `NaN` becomes null, `Infinity` and `-Infinity` the strings of that name; only a
 * text that is not JSON pays for looking.
 * @throws RequestError InvalidInput
 */
export function parseJson(body: Uint8Array | string, limits: JsonLimits = DEFAULT_JSON_LIMITS): JsonDocument {
  const text = textOf(body);
  if (text.trim() === '')
    throw invalidInput('body', `expected JSON such as ${limits.example ?? '{"instances": [...]}'}, got nothing`);
  // Before parsing: V8 keeps a frame for every open list, hundreds of megabytes for a body of nothing but '['.
  if (isDeeperThan(text, limits.maxDepth)) {
    throw invalidInput('body', `lists and objects are nested more than ${limits.maxDepth} deep`);
  }
  try {
    return { value: JSON.parse(text), text };
  } catch (cause) {
    const json = withoutBareNonFinite(text);
    if (json === undefined) throw notJson(cause);
    try {
      return { value: JSON.parse(json), text: json };
    } catch (causeBesideTokens) {
      throw notJson(causeBesideTokens);
    }
  }
}

/**
 * Parses a text that `parseJson` has accepted once more, with integers beyond 2^53 as bigint. About ten times slower, so it is done
 * only when such an integer has been met.
 */
export function parseJsonExactly(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? (exactInteger(context?.source ?? '') ?? value)
      : value;
  return JSON.parse(text, revive);
}

/** Longer number literals are left rounded: no 64-bit integer needs them. */
const MAX_LITERAL_CHARACTERS = 64;
/** UINT64 has this many. */
const MAX_INTEGER_DIGITS = 20;

/** The integer that a JSON number literal spells (`12`, `1.5e1`, `12.0`), or undefined when it spells none of at most 20 digits. */
export function exactInteger(literal: string): bigint | undefined {
  const match = literal.length <= MAX_LITERAL_CHARACTERS && /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/0+$/, '');
  const zeros = whole.length + Number(exponent) - digits.length;
  if (zeros < 0 || digits.replace(/^0+/, '').length + zeros > MAX_INTEGER_DIGITS) return undefined;
  return BigInt(`${sign}${digits}${'0'.repeat(zeros)}`);
}

function textOf(body: Uint8Array | string): string {
  if (typeof body === 'string') return withoutByteOrderMark(body);
  if (!isUtf8(body)) throw invalidInput('body', 'is not UTF-8 text; encode the JSON as UTF-8');
  return withoutByteOrderMark(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** V8 says what it met and where (`Expected ',' or ']' after array element in JSON at position 20`), and shows ten characters at most. */
function notJson(cause: unknown): Error {
  return invalidInput('body', cause instanceof SyntaxError ? cause.message : 'is not valid JSON', cause);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over the text, constant memory. Texts that are not JSON may be judged either way. */
function isDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}

/** Index of the quote that ends the string opened at `start`; the text's end when none does. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index += 1;
  }
  return text.length;
}

/** @returns the text with JSON in the place of such tokens; undefined when there are none outside of strings */
function withoutBareNonFinite(text: string): string | undefined {
  const pieces: string[] = [];
  let index = 0;
  while (index < text.length) {
    const quote = text.indexOf('"', index);
    const start = quote === -1 ? text.length : quote;
    const end = Math.min(endOfString(text, start) + 1, text.length);
    const between = text
      .slice(index, start)
      .replaceAll('NaN', 'null')
      .replaceAll(/-?Infinity/g, '"$&"');
    pieces.push(between, text.slice(start, end));
    index = end;
  }
  const json = pieces.join('');
  return json.length === text.length ? undefined : json;
}
