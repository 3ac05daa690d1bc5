import { InvalidSpecError } from './invalid-spec.ts';

/** Longest name of a Service, host name label and label value. */
export const MAX_NAME_CHARACTERS = 63;
/** Services are RFC 1035 labels. */
const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** Name of the only container of ours in a pod. */
export const RUNTIME_CONTAINER = 'runtime';

/**
 * Name of every child: the ModelDeployment's own.
 * @throws InvalidSpecError when no Service can have that name; the schema refuses such names earlier
 */
export function childName(modelDeployment: { readonly metadata: { readonly name: string } }): string {
  const { name } = modelDeployment.metadata;
  if (name.length <= MAX_NAME_CHARACTERS && DNS_LABEL.test(name)) return name;
  throw new InvalidSpecError(
    `metadata.name: "${name}" cannot name a Service; use at most ${MAX_NAME_CHARACTERS} small letters, digits and "-", starting with a letter`,
  );
}
