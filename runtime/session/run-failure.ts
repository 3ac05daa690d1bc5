import { RequestError } from '../errors.ts';

/**
 * Texts by which onnxruntime 1.30 says that it is the values which do not fit. The library has no error codes in Node, so this table is
 * the only way to tell a request's mistake from ours; a text that it does not know is ours.
 */
const REFUSALS: readonly { readonly pattern: RegExp; readonly message: (match: RegExpExecArray) => string }[] = [
  {
    pattern: /^Got invalid dimensions for input: (\S+)[\s\S]*?index: (\d+) Got: (\d+) Expected: (\d+)/,
    message: ([, name, axis, got, expected]) =>
      `input "${name}": dimension ${axis} has length ${got}, the model wants ${expected}`,
  },
  {
    pattern: /^Invalid rank for input: (\S+) Got: (\d+) Expected: (\d+)/,
    message: ([, name, got, expected]) => `input "${name}": has ${got} dimensions, the model wants ${expected}`,
  },
  {
    pattern: /^Unexpected input data type/,
    message: () => 'an input has another datatype than the model wants',
  },
  {
    pattern: /^Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: ([\s\S]*)/,
    message: ([, operator, , detail]) => `the model refuses these values (${operator}: ${readable(detail ?? '')})`,
  },
];

/** Texts within the last entry that are no fault of the values. */
const NOT_THE_VALUES = /Failed to allocate memory|bad_alloc|not implemented/i;

/** Turns what a run threw into a RequestError: InvalidInput when the graph refuses the values, else InferenceFailed, whose cause is for the log. */
export function classifyRunFailure(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (!NOT_THE_VALUES.test(text)) {
    for (const { pattern, message } of REFUSALS) {
      const match = pattern.exec(text);
      if (match) return new RequestError('InvalidInput', message(match), { cause: error });
    }
  }
  return new RequestError('InferenceFailed', 'the model failed to compute an answer', { cause: error });
}

/** Without the library's own file names, functions and line breaks: `/onnxruntime_src/.../gather.cc:12 void onnxruntime::F(const T&) text` -> `text`. */
export function readable(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  const withoutPlace = oneLine.replaceAll(/\S*\/onnxruntime_src\/\S+ .*?\)( const)?( \[with [^\]]*\])? /g, '');
  return withoutPlace.slice(0, 300);
}
