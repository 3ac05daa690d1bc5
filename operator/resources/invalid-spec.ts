/** A spec that passed the schema and still cannot be turned into children. `message` names the field and says what to do. */
export class InvalidSpecError extends Error {
  override readonly name = 'InvalidSpecError';
}

/**
 * Runs a parser of one field's text.
 * @throws InvalidSpecError with the field's path in front of what the parser says
 */
export function parseField<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidSpecError(`${field}: ${problem}`, { cause });
  }
}
