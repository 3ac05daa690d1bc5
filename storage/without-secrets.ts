/** What may follow in a URL is a signature; what follows this word is a token. */
const SECRETS = [
  [/(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]+/g, '$1?...'],
  [/\b(Bearer|assertion=)\s?[\w.~+/=-]+/g, '$1 ...'],
] as const;

/**
 * A copy of a library's error that may be kept as a cause, and so be logged: name, code, message and stack without signed
 * URLs and tokens. Its other fields, among them the request with its headers, are left behind.
 */
export function withoutSecrets(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  const cause = error.cause === undefined ? undefined : withoutSecrets(error.cause);
  const copy = new Error(redact(error.message), { cause });
  copy.name = error.name;
  copy.stack = redact(error.stack ?? '');
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? Object.assign(copy, { code }) : copy;
}

function redact(text: string): string {
  return SECRETS.reduce((redacted, [pattern, replacement]) => redacted.replaceAll(pattern, replacement), text);
}
