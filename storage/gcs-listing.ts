/** One object of a bucket, as far as serving a model needs it. */
export interface GcsObject {
  readonly bucket: string;
  /** Full object name, `/`-separated. */
  readonly name: string;
  /** Decimal digits; grows with every overwrite. https://cloud.google.com/storage/docs/metadata#generation-number */
  readonly generation: string;
  /** As stored, that is before decompression. */
  readonly sizeBytes: number;
  /** Base64 of the big-endian CRC32C of the stored bytes; every object of the real service has one. */
  readonly crc32c: string | undefined;
  /** Stored with `Content-Encoding: gzip`, so what a reader means are the decompressed bytes. */
  readonly gzip: boolean;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** When a version stopped being the live one; undefined while it is. Milliseconds since 1970. */
  readonly deletedAtMs: number | undefined;
}

/** The newest generation among objects, by number; `0` for none. */
export function newestGeneration(objects: readonly GcsObject[]): string {
  return objects.reduce((newest, { generation }) => (isNewer(generation, newest) ? generation : newest), '0');
}

/** "Folders" that the console makes: empty objects whose name ends in a slash. */
export function isFolderMarker({ name }: GcsObject): boolean {
  return name.endsWith('/');
}

/**
 * The files as they were when `generation` was the newest, out of a listing with all versions (a bucket without versioning lists live objects only).
 * @returns undefined when that cannot be told any more: the generation is gone, or a file that is newer has no older version,
 *   so that it may have been overwritten since
 */
export function filesAtGeneration(versions: readonly GcsObject[], generation: string): GcsObject[] | undefined {
  const pinned = versions.find((object) => object.generation === generation);
  if (!pinned) return undefined;
  const files: GcsObject[] = [];
  for (const ofOneName of Map.groupBy(versions, ({ name }) => name).values()) {
    const older = ofOneName.filter((object) => !isNewer(object.generation, generation));
    if (older.length === 0) return undefined;
    const then = older.find((object) => object.generation === newestGeneration(older));
    if (then && (then.deletedAtMs === undefined || then.deletedAtMs > pinned.createdAtMs)) files.push(then);
  }
  return files;
}

function isNewer(a: string, b: string): boolean {
  return BigInt(a) > BigInt(b);
}
