import type { IncomingHttpHeaders } from 'node:http';

interface ObjectState {
  readonly generation: string;
  readonly metageneration: string;
  readonly etag: string | undefined;
}

/**
 * What the real service answers to the preconditions of a read, which the emulator ignores: 304, 412, or undefined to go on.
 * @param target the emulator, `http://host:port`
 * @param url path and query of a GET
 */
export async function preconditionStatus(
  target: string,
  url: string,
  headers: IncomingHttpHeaders,
): Promise<304 | 412 | undefined> {
  const { pathname, searchParams } = new URL(url, target);
  const object = /^\/(?:download\/)?(storage\/v1\/b\/[^/]+\/o\/[^/]+)$/.exec(pathname)?.[1];
  const noneMatch = headers['if-none-match'];
  const wanted = PARAMETERS.filter(({ name }) => searchParams.has(name));
  if (object === undefined || (wanted.length === 0 && noneMatch === undefined)) return undefined;
  const generation = searchParams.get('generation');
  const state = await objectState(target, `/${object}${generation === null ? '' : `?generation=${generation}`}`);
  if (state === undefined) return undefined;
  for (const { name, field, negated, status } of wanted) {
    if ((searchParams.get(name) === state[field]) === negated) return status;
  }
  return noneMatch !== undefined && noneMatch === state.etag ? 304 : undefined;
}

/** https://docs.cloud.google.com/storage/docs/request-preconditions: a read gives 412 for an unmet match, 304 for an unmet not-match. */
const PARAMETERS = [
  { name: 'ifGenerationMatch', field: 'generation', negated: false, status: 412 },
  { name: 'ifMetagenerationMatch', field: 'metageneration', negated: false, status: 412 },
  { name: 'ifGenerationNotMatch', field: 'generation', negated: true, status: 304 },
  { name: 'ifMetagenerationNotMatch', field: 'metageneration', negated: true, status: 304 },
] as const;

async function objectState(target: string, path: string): Promise<ObjectState | undefined> {
  const response = await fetch(new URL(path, target));
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  return (await response.json()) as ObjectState;
}
