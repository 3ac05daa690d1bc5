import type { Readable } from 'node:stream';
import { Storage, type FileMetadata } from '@google-cloud/storage';
import { GoogleAuth, JWT } from 'google-auth-library';
import { classifyAuthError, classifyGcsError, httpStatus, unavailable, type FailedCall } from './gcs-failure.ts';
import { type GcsObject } from './gcs-listing.ts';
import { openRange } from './gcs-ranges.ts';
import { MAX_FILES } from './model-folder.ts';
import { RecentMap } from './recent-map.ts';
import { StorageError } from './model-store.ts';

/** https://cloud.google.com/storage/docs/oauth-scopes */
const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only';

export interface GcsOptions {
  /** `http://host:port` of an emulator; calls then carry no credentials. */
  readonly emulatorHost?: string | undefined;
  /** Service account key, JSON text. Without it the environment's default credentials. */
  readonly credentialsJson?: string | undefined;
  /** Longest wait for one metadata call, credentials included; default 15,000. */
  readonly timeoutMs?: number | undefined;
  /** Largest range. Objects of at least two such parts are downloaded in several ranges at once; default 16 MiB. */
  readonly partBytes?: number | undefined;
}

/** What is there. A missing object or bucket is undefined, every other failure a StorageError. */
export interface GcsLookup {
  /** The live version, or exactly `generation`. */
  getObject(
    where: { bucket: string; name: string; generation?: string | undefined },
    signal?: AbortSignal,
  ): Promise<GcsObject | undefined>;
  /**
   * Objects whose names start with `prefix`, page by page until there are more than `maxObjects`; undefined when there is no
   * such bucket. `isBrief`: only name, generation and size of each, for a listing of thousands.
   */
  listObjects(
    where: { bucket: string; prefix: string; versions?: boolean; maxObjects?: number; isBrief?: boolean },
    signal?: AbortSignal,
  ): Promise<GcsObject[] | undefined>;
}

/** The few calls to GCS that serving needs. */
export interface GcsClient extends GcsLookup {
  /**
   * The stored bytes of this very generation from `start` up to `end`, which is not among them. The stream fails with OtherBytesError when
   * others come; its other errors are made readable by `classify`.
   */
  openStream(object: GcsObject, start: number, end: number): Readable;
  /** Makes a StorageError of what openStream's stream failed with. */
  classify(error: unknown, object: GcsObject): StorageError;
}

/**
 * A client for the real service or an emulator. Makes no call yet.
 * @throws StorageError ModelAccessDenied when `credentialsJson` is no service account key
 */
export function createGcsClient(options: GcsOptions = {}): GcsClient {
  const key = options.credentialsJson ? parseKey(options.credentialsJson) : undefined;
  const storage = createStorage(options.emulatorHost, key);
  const timeoutMs = options.timeoutMs ?? 15_000;
  let anonymous = false;
  /** Live versions as they were seen last, by location: asked again, the service says only whether they still are. */
  const seen = new RecentMap<string, GcsObject>(MAX_SEEN);

  /** Gets a token first, so that a failure of the credentials is told apart from one of the bucket. */
  async function authenticate(location: string): Promise<void> {
    if (options.emulatorHost) return;
    const client = await storage.authClient.getClient().catch(withoutCredentials);
    anonymous = client === undefined;
    try {
      await client?.getAccessToken();
    } catch (error) {
      throw classifyAuthError(error, location, key?.client_email);
    }
  }

  async function call<T>(failed: Pick<FailedCall, 'location' | 'permission'>, ask: () => Promise<T>) {
    await authenticate(failed.location);
    try {
      return await ask();
    } catch (error) {
      if (httpStatus(error) === 404) return undefined;
      throw classifyGcsError(error, { ...failed, anonymous, principal: key?.client_email });
    }
  }

  return {
    getObject({ bucket, name, generation }, signal) {
      const location = `gs://${bucket}/${name}`;
      const file = storage.bucket(bucket).file(name, generation ? { generation } : {});
      const last = generation ? undefined : seen.get(location);
      const query = { fields: FIELDS, ...(last ? { ifGenerationNotMatch: last.generation } : {}) };
      const asked = call({ location, permission: 'storage.objects.get' }, async () => {
        try {
          const [metadata] = await file.getMetadata(query);
          const object = toObject(bucket, metadata, location);
          if (!generation) seen.set(location, object);
          return object;
        } catch (error) {
          if (last && httpStatus(error) === NOT_MODIFIED) return last;
          throw error;
        }
      });
      return within(asked, { timeoutMs, signal, location });
    },
    listObjects({ bucket, prefix, versions = false, maxObjects = MAX_FILES, isBrief = false }, signal) {
      const location = `gs://${bucket}/${prefix}`;
      const fields = `items(${isBrief ? BRIEF_FIELDS : FIELDS}),nextPageToken`;
      const query = { prefix, versions, fields, autoPaginate: false };
      const asked = call({ location, permission: 'storage.objects.list' }, () =>
        listPages(storage, query, { bucket, location, maxObjects }),
      );
      return within(asked, { timeoutMs, signal, location });
    },
    openStream(object, start, end) {
      return openRange(storage.bucket(object.bucket).file(object.name, { generation: object.generation }), {
        ...object,
        start,
        end,
      });
    },
    classify(error, { bucket, name }) {
      const location = `gs://${bucket}/${name}`;
      const permission = 'storage.objects.get';
      return classifyGcsError(error, { location, permission, anonymous, principal: key?.client_email });
    },
  };
}

async function listPages(
  storage: Storage,
  query: { prefix: string; versions: boolean; fields: string; autoPaginate: boolean },
  { bucket, location, maxObjects }: { bucket: string; location: string; maxObjects: number },
): Promise<GcsObject[]> {
  const objects: GcsObject[] = [];
  let pageToken: string | undefined;
  do {
    const [files, next] = await storage.bucket(bucket).getFiles({ ...query, ...(pageToken ? { pageToken } : {}) });
    // With `fields` the library hands on the service's items as they are, not as its own File.
    const items = files as unknown as readonly FileMetadata[];
    objects.push(...items.map((metadata) => toObject(bucket, metadata, location)));
    pageToken = (next as { pageToken?: string } | null)?.pageToken;
  } while (pageToken && objects.length <= maxObjects);
  return objects;
}

/** Half a megabyte; what is forgotten is only asked for in full. Where a bucket has many, they are listed. */
const MAX_SEEN = 2_000;
const NOT_MODIFIED = 304;

/** What is read of an object's metadata; the service sends no more. */
const FIELDS = 'name,generation,size,crc32c,contentEncoding,timeCreated,timeDeleted';
const BRIEF_FIELDS = 'name,generation,size';

/** Without `name` and `generation` it is no answer of GCS, but of a proxy or a login page in between. */
function toObject(bucket: string, metadata: FileMetadata, location: string): GcsObject {
  const { name, generation, size, crc32c, contentEncoding, timeCreated, timeDeleted } = metadata;
  if (typeof name !== 'string' || !/^\d+$/.test(String(generation))) {
    throw unavailable(new Error('the answer is no object metadata'), location);
  }
  return {
    bucket,
    name,
    generation: String(generation),
    sizeBytes: Number(size ?? 0),
    crc32c,
    gzip: contentEncoding === 'gzip',
    createdAtMs: Date.parse(timeCreated ?? ''),
    deletedAtMs: timeDeleted ? Date.parse(timeDeleted) : undefined,
  };
}

interface Key {
  readonly client_email: string;
  readonly private_key: string;
}

function parseKey(json: string): Key {
  try {
    const { client_email, private_key } = JSON.parse(json) as Partial<Key>;
    if (client_email && private_key) return { client_email, private_key };
  } catch {
    // The error's text would quote the key.
  }
  throw new StorageError(
    'ModelAccessDenied',
    'GOOGLE_APPLICATION_CREDENTIALS_JSON is no service account key: store the whole key file, as downloaded from Google Cloud, in the Secret',
  );
}

/** No credentials at all is no failure yet: public buckets are read without. Credentials that are named and cannot be used are one. */
function withoutCredentials(cause: unknown): undefined {
  if (!process.env['GOOGLE_APPLICATION_CREDENTIALS']) return undefined;
  throw new StorageError(
    'ModelAccessDenied',
    'GOOGLE_APPLICATION_CREDENTIALS names a file that holds no usable credentials: correct it, or unset it',
    { cause },
  );
}

/** The library's own reading of this variable is broken (metadata or uploads fail, by how it is written), so it must not see it. */
const EMULATOR_VARIABLE = 'STORAGE_EMULATOR_HOST';

function createStorage(emulatorHost: string | undefined, key: Key | undefined): Storage {
  const kept = process.env[EMULATOR_VARIABLE];
  delete process.env[EMULATOR_VARIABLE];
  try {
    return new Storage({
      retryOptions: { autoRetry: false },
      ...(emulatorHost ? { apiEndpoint: emulatorHost, projectId: 'emulator' } : { authClient: readOnly(key) }),
    });
  } finally {
    if (kept !== undefined) process.env[EMULATOR_VARIABLE] = kept;
  }
}

/** The library's own default asks for tokens that may also write. */
function readOnly(key: Key | undefined): JWT | GoogleAuth {
  const scopes = [READ_ONLY];
  return key ? new JWT({ email: key.client_email, key: key.private_key, scopes }) : new GoogleAuth({ scopes });
}

/** The library's calls cannot be cancelled: the caller stops waiting, the answer is dropped. */
async function within<T>(
  asked: Promise<T>,
  { timeoutMs, signal, location }: { timeoutMs: number; signal: AbortSignal | undefined; location: string },
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(timeout.aborted ? unavailable({ code: `no answer within ${timeoutMs} ms` }, location) : ended.reason);
  };
  ended.addEventListener('abort', stop, { once: true });
  asked.catch(() => {});
  try {
    return await Promise.race([asked, stopped]);
  } finally {
    ended.removeEventListener('abort', stop);
  }
}
