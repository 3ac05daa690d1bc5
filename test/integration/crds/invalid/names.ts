import { model } from './invalid-object.ts';
import type { InvalidObject } from './invalid-object.ts';

function named(name: string, value: string, ...says: string[]): InvalidObject {
  return {
    name: `metadata.name ${name}`,
    metadata: { name: value },
    spec: { model },
    says: ['metadata.name', ...says],
  };
}

/** Wrong names of objects. */
export const NAMES: readonly InvalidObject[] = [
  named('of 53 characters', 'a'.repeat(53), 'at most 52 characters'),
  named('that starts with a digit', '1iris', 'must start with a letter', '"iris-v2"'),
  named('with a dot', 'iris.v2', 'letters, digits and "-"', '"iris-v2"'),
  named('in capitals', 'Iris', 'RFC 1123'),
];
