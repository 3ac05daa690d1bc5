/**
 * Looks for the first place where an answer is not what was expected. Numbers may differ by `tolerance * max(1, |expected|)`; everything
 * else must be equal. Members of `actual` that `expected` does not name are not looked at, so that it may hold labels only.
 * @param path of both, for the sentence
 * @returns e.g. `predictions[3].probabilities.setosa: expected 0.97, got 0.12`; undefined when they agree
 */
export function firstDifference(
  expected: unknown,
  actual: unknown,
  { path, tolerance }: { readonly path: string; readonly tolerance: number },
): string | undefined {
  if (isNumber(expected) && isNumber(actual)) {
    return isClose(expected, actual, tolerance) ? undefined : different(path, expected, actual);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return different(path, expected, actual);
    if (expected.length !== actual.length) {
      return `${path}: expected ${expected.length} entries, got ${actual.length}`;
    }
    return firstOf(expected.entries(), ([index, value]) =>
      firstDifference(value, actual[index], { path: `${path}[${index}]`, tolerance }),
    );
  }
  if (isObject(expected) && isObject(actual)) {
    return firstOf(Object.entries(expected), ([key, value]) =>
      firstDifference(value, actual[key], { path: `${path}.${key}`, tolerance }),
    );
  }
  return expected === actual ? undefined : different(path, expected, actual);
}

function isClose(expected: number | bigint, actual: number | bigint, tolerance: number): boolean {
  if (expected === actual) return true;
  return Math.abs(Number(expected) - Number(actual)) <= tolerance * Math.max(1, Math.abs(Number(expected)));
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstOf<T>(values: Iterable<T>, find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

const MAX_SHOWN_CHARACTERS = 80;

function different(path: string, expected: unknown, actual: unknown): string {
  return `${path}: expected ${show(expected)}, got ${show(actual)}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text =
    typeof value === 'bigint'
      ? String(value)
      : JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text;
}
