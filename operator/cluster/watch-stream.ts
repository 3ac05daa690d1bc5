import type { KubernetesObject, V1Status } from '@kubernetes/client-node';
import type { ApiServerConnection, OpenResponse } from './connection.ts';
import { resourcePath, type Resource } from './resources.ts';

/** One line of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
  /** The bookmark after the last object of a streamed list. */
  readonly isEndOfList: boolean;
}

/** A watch the API server has accepted. */
export interface WatchStream {
  /**
   * Hands on every event, until the API server ends the watch.
   * @returns how many there were
   * @throws WatchError for an error in the stream; what undici throws when the connection breaks or is silent for too long
   */
  read(onEvent: (event: WatchEvent) => void): Promise<number>;
  close(): void;
}

/** What is listed or watched. */
export interface Selection {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
}

/** The API server refused, or broke the watch off. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
  /** undefined: it did not say why. */
  readonly statusCode: number | undefined;
  /** As the Retry-After header asks. */
  readonly retryAfterMs: number | undefined;
  constructor(message: string, statusCode: number | undefined, retryAfterMs?: number) {
    super(message);
    this.statusCode = statusCode;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A list as it travels. */
interface ObjectList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubernetesObject[];
}

type Connection = Pick<ApiServerConnection, 'open'>;

/** For the first word of an answer, and between two parts of a list. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Objects in one answer of a list: its text is in memory as a whole. */
const PAGE_SIZE = 500;
/** The API server ends a watch after this long, up to twice as long, so that connections move on to other API servers. */
const SHORTEST_WATCH_SECONDS = 300;
/** https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
const END_OF_LIST = 'k8s.io/initial-events-end';

/**
 * Opens a watch: from `resourceVersion` on, or, where that is undefined, with all objects there are in front.
 * @throws WatchError when the API server refuses; what undici throws without an answer
 */
export async function openWatch(
  selection: Selection,
  options: {
    readonly connection: Connection;
    readonly resourceVersion: string | undefined;
    /** In [0, 1). */
    readonly random: () => number;
    readonly silenceMs: number;
  },
): Promise<WatchStream> {
  const { connection, resourceVersion, random, silenceMs } = options;
  const path = pathOf(selection, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(Math.round(SHORTEST_WATCH_SECONDS * (1 + random()))),
    ...(resourceVersion === undefined
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion }),
  });
  const { body } = await open(connection, path, silenceMs);
  return {
    read: async (onEvent) => {
      let count = 0;
      await readLines(body, (line) => {
        count += 1;
        onEvent(parseEvent(line, path));
      });
      return count;
    },
    close: () => body.destroy(),
  };
}

/**
 * Lists page by page.
 * @returns the list's resourceVersion
 * @throws as openWatch
 */
export async function openList(
  selection: Selection,
  connection: Connection,
  onObject: (object: KubernetesObject) => void,
): Promise<string> {
  let page: { continue?: string } = {};
  for (;;) {
    const path = pathOf(selection, { limit: String(PAGE_SIZE), ...page });
    const { body } = await open(connection, path, ANSWER_TIMEOUT_MS);
    const { items, metadata } = (await body.json()) as ObjectList;
    for (const object of items) onObject(object);
    if (!metadata.continue) return metadata.resourceVersion;
    page = { continue: metadata.continue };
  }
}

function pathOf(
  { resource, namespace, labelSelector }: Selection,
  parameters: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams({ ...(labelSelector === undefined ? {} : { labelSelector }), ...parameters });
  return `${resourcePath(resource, namespace)}?${query.toString()}`;
}

async function open(connection: Connection, path: string, silenceMs: number): Promise<OpenResponse> {
  const response = await connection.open({
    method: 'GET',
    path,
    timeoutMs: ANSWER_TIMEOUT_MS,
    bodyTimeoutMs: silenceMs,
  });
  if (response.statusCode === 200) return response;
  await response.body.dump();
  const seconds = Number(response.headers['retry-after']);
  throw new WatchError(
    `GET ${path}: HTTP ${response.statusCode}`,
    response.statusCode,
    seconds > 0 ? seconds * 1_000 : undefined,
  );
}

/** @throws WatchError for an error event, and for a line that is no event */
function parseEvent(line: string, path: string): WatchEvent {
  const { type, object } = parse(line, path);
  if (type === 'ERROR') {
    const { code, message } = object as V1Status;
    throw new WatchError(`watch ${path}: ${message}`, code);
  }
  const isEndOfList =
    type === 'BOOKMARK' && (object as KubernetesObject).metadata?.annotations?.[END_OF_LIST] === 'true';
  return { type, object, isEndOfList };
}

function parse(line: string, path: string): { type: WatchEvent['type'] | 'ERROR'; object: object } {
  try {
    return JSON.parse(line) as { type: WatchEvent['type'] | 'ERROR'; object: object };
  } catch (cause) {
    throw Object.assign(new WatchError(`watch ${path}: a line that is no JSON`, undefined), { cause });
  }
}

async function readLines(body: OpenResponse['body'], onLine: (line: string) => void): Promise<void> {
  body.setEncoding('utf8');
  let rest = '';
  for await (const chunk of body as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  }
}
