import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the store answers. */
export interface StoreBehaviour {
  /** Milliseconds before every answer. */
  readonly delayMs: number;
  /** HTTP status of every answer instead of the right one; undefined: it works. */
  readonly failWith: number | undefined;
}

/**
 * The few reads of Google Cloud Storage's JSON API that the operator makes, from memory: thousands of models poll it, and the
 * emulator would be what is measured.
 */
export class ModelStore {
  readonly #server: Server;
  /** `bucket/object` -> generation. */
  readonly #generations = new Map<string, number>();
  #next = 1_700_000_000_000_000;
  behaviour: StoreBehaviour = { delayMs: 0, failWith: undefined };
  /** Answers given so far. */
  requests = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ModelStore> {
    const server = createServer();
    const store = new ModelStore(server);
    server.on('request', ({ url = '' }, response) => {
      store.requests += 1;
      setTimeout(() => store.#answer(url, response), store.behaviour.delayMs);
    });
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return store;
  }

  /** `http://127.0.0.1:PORT`, for STORAGE_EMULATOR_HOST. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Writes an object, or writes over it. @returns its new generation */
  put(bucket: string, object: string): string {
    this.#next += 1;
    this.#generations.set(`${bucket}/${object}`, this.#next);
    return String(this.#next);
  }

  /** The generation of an object; undefined: there is none. */
  generation(bucket: string, object: string): string | undefined {
    return this.#generations.get(`${bucket}/${object}`)?.toString();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answer(url: string, response: ServerResponse): void {
    if (this.behaviour.failWith !== undefined) return send(response, this.behaviour.failWith, error('backendError'));
    const { pathname, searchParams } = new URL(url, this.url);
    const [, bucket = '', object] = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?/.exec(pathname) ?? [];
    if (object === undefined) return send(response, 200, this.#list(bucket, searchParams));
    const name = decodeURIComponent(object);
    const generation = this.#generations.get(`${bucket}/${name}`);
    if (generation === undefined) return send(response, 404, error('notFound'));
    if (searchParams.get('ifGenerationNotMatch') === String(generation)) return send(response, 304, undefined);
    send(response, 200, describe(bucket, name, { generation, query: searchParams }));
  }

  #list(bucket: string, query: URLSearchParams): object {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`;
    const names = [...this.#generations.keys()].filter((name) => name.startsWith(prefix)).sort();
    const start = Number(query.get('pageToken') ?? 0);
    const end = start + Math.min(PAGE_SIZE, Number(query.get('maxResults') ?? PAGE_SIZE));
    const items = names
      .slice(start, end)
      .map((name) =>
        describe(bucket, name.slice(bucket.length + 1), { generation: this.#generations.get(name) ?? 0, query }),
      );
    return { kind: 'storage#objects', items, ...(end < names.length ? { nextPageToken: String(end) } : {}) };
  }
}

/** Objects of one answer at most, as the real service has it. */
const PAGE_SIZE = 1_000;

/** The fields that were asked for: https://cloud.google.com/storage/docs/json_api#partial-response */
function describe(
  bucket: string,
  name: string,
  { generation, query }: { generation: number; query: URLSearchParams },
): object {
  const all = {
    kind: 'storage#object',
    bucket,
    name,
    generation: String(generation),
    metageneration: '1',
    size: '1024',
    crc32c: 'AAAAAA==',
    timeCreated: '2026-01-01T00:00:00.000Z',
  };
  const asked = query.get('fields')?.match(/[a-zA-Z0-9]+/g);
  return asked ? Object.fromEntries(Object.entries(all).filter(([field]) => asked.includes(field))) : all;
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
}

function error(reason: string): object {
  return { error: { message: reason, errors: [{ reason }] } };
}
