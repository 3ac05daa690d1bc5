import type { KubernetesObject } from '@kubernetes/client-node';
import { LABELS } from '../api/labels.ts';
import type { Key } from './client.ts';
import { compareResourceVersions } from './resource-version.ts';
import { reuse, shareText } from './shared-values.ts';

/** How objects of a kind belong to a ModelDeployment: they have its name, or carry it as instance label. */
export type Grouping = 'by-name' | 'by-instance';

/**
 * The objects of one kind as the watches deliver them, overlaid with the operator's own writes until the watch has come as
 * far. So a pass sees what the one before it wrote, and an answer that arrives late never hides something newer.
 */
export class ResourceCache<T extends KubernetesObject> {
  readonly #grouping: Grouping;
  readonly #objects = new Map<Key, T>();
  /** Only for `by-instance`. No group is empty. Lists without spare room: most have one object, for which a Map takes 200 bytes. */
  readonly #groups = new Map<Key, readonly T[]>();
  /** Own writes that their watch has not delivered yet. */
  readonly #written = new Map<Key, T>();
  /** Uids of objects that were deleted here and that the watch still shows. */
  readonly #deletedUids = new Set<string>();
  /** How far each watch has come: namespace ('' for all) -> resourceVersion. */
  readonly #seen = new Map<string, string>();

  constructor(grouping: Grouping) {
    this.#grouping = grouping;
  }

  /**
   * The watch delivered this object, which becomes the cache's own.
   * @returns false when it is just what an own write was answered with: whoever wrote it has seen it
   */
  upsert(object: T): boolean {
    const key = nameKey(object);
    const last = this.#objects.get(key);
    const isEcho = isSameVersion(object, this.#written.get(key));
    if (isEcho) this.#written.delete(key);
    reuse(object, last);
    this.#objects.set(key, object);
    if (last && last.metadata?.uid !== object.metadata?.uid) this.#deletedUids.delete(last.metadata?.uid ?? '');
    if (this.#grouping === 'by-instance') {
      if (last) this.#removeFromGroup(last);
      this.#addToGroup(object);
    }
    this.#advance(object);
    return !isEcho;
  }

  /** The watch delivered its end. */
  remove(object: T): void {
    const key = nameKey(object);
    const last = this.#objects.get(key);
    this.#objects.delete(key);
    if (last) this.#removeFromGroup(last);
    this.#deletedUids.delete(object.metadata?.uid ?? '');
    this.#advance(object);
  }

  /**
   * These are all objects of a namespace ('' for all).
   * @returns those that appeared, changed or are gone, as far as that is news
   */
  replace(namespace: string, objects: readonly T[], resourceVersion: string): T[] {
    const present = new Set(objects.map(nameKey));
    const gone = [...this.#objects.values()].filter(
      (object) => (namespace === '' || object.metadata?.namespace === namespace) && !present.has(nameKey(object)),
    );
    const changed = objects.filter((object) => !isSameVersion(object, this.#objects.get(nameKey(object))));
    for (const object of gone) this.remove(object);
    const news = changed.filter((object) => this.upsert(object));
    this.listed(namespace, resourceVersion);
    return [...gone, ...news];
  }

  /** A list of a namespace ('' for all) was taken over whole: the watch goes on from `resourceVersion`, be it earlier than before. */
  listed(namespace: string, resourceVersion: string): void {
    const before = this.#seen.get(namespace);
    this.#seen.set(namespace, resourceVersion);
    // etcd came back from a backup: no write of the time since then exists.
    if (before !== undefined && compareResourceVersions(resourceVersion, before) < 0) this.#written.clear();
  }

  /** The API server answered a write with this object. */
  written(object: T): void {
    if (!this.#isSeen(object)) this.#written.set(nameKey(object), object);
  }

  /** The API server accepted the deletion of this object. */
  deleted(object: T): void {
    const key = nameKey(object);
    this.#written.delete(key);
    const uid = object.metadata?.uid;
    if (uid !== undefined && this.#objects.get(key)?.metadata?.uid === uid) this.#deletedUids.add(uid);
  }

  /** The object as it is known best. */
  get(key: Key): T | undefined {
    const written = this.#written.get(key);
    if (written) {
      if (!this.#isSeen(written)) return written;
      this.#written.delete(key);
    }
    const object = this.#objects.get(key);
    return object && this.#deletedUids.has(object.metadata?.uid ?? '') ? undefined : object;
  }

  /** Objects that carry the name of that ModelDeployment as their instance label. */
  group(key: Key): readonly T[] {
    return this.#groups.get(key) ?? [];
  }

  /** Keys of the objects that the watches have delivered. */
  keys(): IterableIterator<Key> {
    return this.#objects.keys();
  }

  get size(): number {
    return this.#objects.size;
  }

  #isSeen(object: T): boolean {
    const seen = this.#seen.get(this.#scopeOf(object));
    const version = object.metadata?.resourceVersion;
    return seen !== undefined && version !== undefined && compareResourceVersions(version, seen) <= 0;
  }

  #advance(object: T): void {
    const scope = this.#scopeOf(object);
    const seen = this.#seen.get(scope);
    const version = object.metadata?.resourceVersion;
    if (version === undefined) return;
    if (seen === undefined || compareResourceVersions(version, seen) > 0) this.#seen.set(scope, version);
  }

  #scopeOf(object: T): string {
    return this.#seen.has('') ? '' : (object.metadata?.namespace ?? '');
  }

  #addToGroup(object: T): void {
    const key = instanceKey(object);
    if (key !== undefined) this.#groups.set(key, this.group(key).concat(object));
  }

  #removeFromGroup(object: T): void {
    const key = instanceKey(object);
    const group = key && this.#groups.get(key);
    if (!group) return;
    if (group.length === 1) this.#groups.delete(key);
    else this.#groups.set(key, group.toSpliced(group.indexOf(object), 1));
  }
}

function isSameVersion({ metadata }: KubernetesObject, other: KubernetesObject | undefined): boolean {
  return metadata?.uid === other?.metadata?.uid && metadata?.resourceVersion === other?.metadata?.resourceVersion;
}

/** namespace/name of an object. */
export function nameKey(object: KubernetesObject): Key {
  return keyOf(object.metadata?.namespace, object.metadata?.name);
}

/** namespace/name of the ModelDeployment whose name the object carries as instance label. */
export function instanceKey(object: KubernetesObject): Key | undefined {
  const instance = object.metadata?.labels?.[LABELS.instance];
  return instance === undefined ? undefined : keyOf(object.metadata?.namespace, instance);
}

/** One text for all that belongs to a ModelDeployment, as most of it comes together: half a dozen maps hold it as key. */
function keyOf(namespace = '', name = ''): Key {
  return shareText(`${namespace}/${name}`) as Key;
}
