import type { Buffer } from 'node:buffer';
import type { AskedHeaders } from '../answer.ts';

/** The request line and headers of a request that may well come thousands of times a second. */
export interface PlainHead {
  readonly method: 'GET' | 'POST';
  /** The request's target as it came. */
  readonly path: string;
  readonly headers: AskedHeaders;
  /** Of the body, in bytes; 0 for a GET. */
  readonly bodyBytes: number;
  /** The client wants the connection to end after the answer. */
  readonly closes: boolean;
  /** Of request line and headers, with the empty line. */
  readonly headBytes: number;
}

/** node:http takes twice as much. */
const MAX_HEAD_BYTES = 8192;
const HEAD_END = '\r\n\r\n';
const VERSION = ' HTTP/1.1';
/** RFC 9112, 3 and 5: names are tokens right before their colon; no bare CR or LF, no folded lines, no control characters. */
const WELL_FORMED = /^(?:GET|POST) \/[\x21-\x7e]* HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*)+$/;
const LENGTH = /^\d{1,15}$/;
const CLOSE = /^close$/i;
const KEEP_ALIVE = /^keep-alive$/i;

/** What is looked at; each may come once. */
const KNOWN: ReadonlySet<string> = new Set<KnownHeader>([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'host',
  'inference-header-content-length',
  'traceparent',
  'tracestate',
  'x-request-id',
  'x-request-timeout-ms',
  'x-server-timing',
]);
/** Change what a body is, or what a connection is. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

type KnownHeader = keyof AskedHeaders | 'connection' | 'content-length' | 'host';
type KnownHeaders = Partial<Record<KnownHeader, string>>;

/**
 * Reads the head of a request if it is plain: a whole POST over HTTP/1.1 with one Host, one Content-Length, and nothing that asks for more than an answer; or
 * a GET without a body.
 * Where there is any doubt it is not plain, so that node:http alone decides what is malformed, and what an unusual request means.
 * @returns undefined when it is not plain, or has not arrived as a whole
 */
export function readPlainHead(bytes: Buffer): PlainHead | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1 || end > MAX_HEAD_BYTES) return undefined;
  const text = bytes.toString('latin1', 0, end);
  return knownHeads.get(text) ?? learn(text, parsePlainHead(text));
}

/** Clients send the same head again and again, but for a few lengths of their bodies. */
const knownHeads = new Map<string, PlainHead>();
const MAX_KNOWN_HEADS = 128;
const MAX_KNOWN_HEAD_LENGTH = 1024;

/** Not what no second request has. */
function learn(text: string, head: PlainHead | undefined): PlainHead | undefined {
  if (!head || text.length > MAX_KNOWN_HEAD_LENGTH) return head;
  if (head.headers['x-request-id'] !== undefined || head.headers.traceparent !== undefined) return head;
  if (knownHeads.size >= MAX_KNOWN_HEADS) knownHeads.clear();
  knownHeads.set(text, head);
  return head;
}

/** @param text without the empty line at its end */
function parsePlainHead(text: string): PlainHead | undefined {
  if (!WELL_FORMED.test(text)) return undefined;
  const lineEnd = text.indexOf('\r\n');
  const headers = readKnown(text, lineEnd);
  if (headers?.host === undefined) return undefined;
  const method = text.startsWith('GET') ? 'GET' : 'POST';
  const bodyBytes = bodyBytesOf(method, headers['content-length']);
  const { connection = 'keep-alive' } = headers;
  const closes = CLOSE.test(connection);
  if (bodyBytes === undefined || !(closes || KEEP_ALIVE.test(connection))) return undefined;
  const path = text.slice(method.length + 1, lineEnd - VERSION.length);
  return { method, path, headers, bodyBytes, closes, headBytes: text.length + HEAD_END.length };
}

/** @returns undefined when the length is not plain */
function bodyBytesOf(method: PlainHead['method'], length: string | undefined): number | undefined {
  if (method === 'GET') return length === undefined || length === '0' ? 0 : undefined;
  return length !== undefined && LENGTH.test(length) ? Number(length) : undefined;
}

/** @returns undefined when there is a header that is not plain, or one that is known twice */
function readKnown(text: string, lineEnd: number): KnownHeaders | undefined {
  const headers: Record<string, string> = {};
  for (let at = lineEnd; at !== -1;) {
    const colon = text.indexOf(':', at);
    const next = text.indexOf('\r\n', colon);
    const name = text.slice(at + 2, colon).toLowerCase();
    if (NOT_PLAIN.has(name)) return undefined;
    if (KNOWN.has(name)) {
      if (headers[name] !== undefined) return undefined;
      headers[name] = valueOf(text, colon, next);
    }
    at = next;
  }
  return headers;
}

/** Without the white space around it (RFC 9112, 5.1). */
function valueOf(text: string, colon: number, next: number): string {
  let start = colon + 1;
  let end = next === -1 ? text.length : next;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
