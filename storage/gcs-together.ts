import type { GcsLookup } from './gcs-client.ts';
import type { GcsObject } from './gcs-listing.ts';
import type { GcsPath } from './model-path.ts';
import { StorageError } from './model-store.ts';

/**
 * What a page of a listing costs, in metadata requests: class A against class B operations, $0.0050 and $0.0004 a thousand.
 * https://cloud.google.com/storage/pricing#operations-by-class
 */
const LIST_COST = 12.5;
/** Objects of one page: https://cloud.google.com/storage/docs/json_api/v1/objects/list */
const PAGE_OBJECTS = 1_000;
/** Pages come one after another, some 0.2 s each, and are to be read within the time of one question. */
const MAX_PAGES = 20;

/**
 * Lists once what several paths of one bucket stand for, when that is cheaper than a question for each: an object is a metadata request,
 * a folder a listing of its own.
 * @returns answers from the listing; undefined when it costs more, is not allowed, or the bucket is gone
 */
export async function listTogether(
  client: GcsLookup,
  paths: readonly GcsPath[],
  signal: AbortSignal | undefined,
): Promise<Listing | undefined> {
  const [first] = paths;
  if (!first || paths.some(({ bucket }) => bucket !== first.bucket)) return undefined;
  const { bucket } = first;
  const costOfEach = paths.reduce((sum, { kind }) => sum + (kind === 'gcs' ? 1 : LIST_COST), 0);
  const worthPages = Math.min(MAX_PAGES, Math.ceil(costOfEach / LIST_COST) - 1);
  if (worthPages < 1) return undefined;
  const maxObjects = worthPages * PAGE_OBJECTS;
  const prefix = commonPrefix(paths.map((path) => (path.kind === 'gcs' ? path.object : path.prefix)));
  try {
    const objects = await client.listObjects({ bucket, prefix, maxObjects, isBrief: true }, signal);
    return objects && objects.length <= maxObjects ? lookupIn(objects) : undefined;
  } catch (error) {
    // Who may read an object may not be allowed to list; whoever fails for another reason fails for each of them too.
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

/** A client that knows these objects, and asks nobody. */
export interface Listing extends GcsLookup {
  /** By its full name; without the promises that thousands of `getObject` would make. */
  readonly find: (name: string) => GcsObject | undefined;
}

function lookupIn(objects: readonly GcsObject[]): Listing {
  const byName = new Map(objects.map((object) => [object.name, object]));
  return {
    find: (name) => byName.get(name),
    getObject: async ({ name }) => byName.get(name),
    listObjects: async ({ prefix }) => objects.filter(({ name }) => name.startsWith(prefix)),
  };
}

/** The longest text that all begin with. */
function commonPrefix(names: readonly string[]): string {
  const [first = '', ...rest] = names;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
