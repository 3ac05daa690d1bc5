import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Fault } from './faulty-proxy/faults.ts';
import { bodyTransform, changedHeaders, errorBody } from './faulty-proxy/faults.ts';
import { preconditionStatus } from './faulty-proxy/preconditions.ts';

export type { Fault } from './faulty-proxy/faults.ts';

/** A fault and the requests it happens to. Rules are asked in the order they were made; the first that matches and is not used up counts. */
export interface FaultRule {
  readonly fault: Fault;
  /** Default: any. */
  readonly method?: string;
  /** Matched with the decoded path and query, e.g. `/alt=media/` for downloads. Default: any. */
  readonly path?: RegExp;
  /** How often it happens. Default: until it is removed. */
  readonly times?: number;
}

/** A rule at work. */
export interface InjectedFault {
  /** How often it has happened. */
  readonly hits: number;
  remove(): void;
}

/** A request as it came and how the proxy answered it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Decoded path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly fault: Fault | undefined;
  /** Undefined when the connection was closed without an answer. */
  readonly status: number | undefined;
}

/** An HTTP proxy in front of one server that does what it is told to some requests and passes the others on unchanged. */
export interface FaultyProxy {
  /** `http://127.0.0.1:PORT`, with the host it listens on. */
  readonly url: string;
  /** In the order in which they were answered. */
  readonly requests: readonly ProxiedRequest[];
  inject(rule: FaultRule): InjectedFault;
  /** Forgets all rules and requests. */
  reset(): void;
  stop(): Promise<void>;
}

export interface FaultyProxyOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Answers `ifGenerationMatch`, `ifGenerationNotMatch`, their meta siblings and `If-None-Match` of reads as the real service does. Default true. */
  readonly preconditions?: boolean;
}

/** @param target the server, `http://host:port` */
export async function startFaultyProxy(
  target: string,
  { preconditions = true, host = '127.0.0.1', port: wantedPort = 0 }: FaultyProxyOptions = {},
): Promise<FaultyProxy> {
  let rules: Rule[] = [];
  let requests: ProxiedRequest[] = [];

  const server = createServer((request, response) => {
    const path = decoded(request.url!);
    const fault = rules.find((rule) => rule.matches(request.method!, path))?.use();
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : undefined;
      requests.push({ method: request.method!, path, headers: request.headers, fault, status });
    });
    answer(request, response, fault).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'status') return sendStatus(request, response, fault);
    if (fault?.kind === 'cut' && fault.afterBytes === 0) return void response.destroy();
    if (preconditions && request.method === 'GET') {
      const status = await preconditionStatus(target, request.url!, request.headers);
      if (status !== undefined) return sendStatus(request, response, { status });
    }
    await forward({ target, request, response, fault });
  }

  server.listen({ port: wantedPort, host });
  await once(server, 'listening');
  server.unref();
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host}:${port}`,
    get requests() {
      return requests;
    },
    inject(rule) {
      const injected = new Rule(rule, () => {
        rules = rules.filter((other) => other !== injected);
      });
      rules.push(injected);
      return injected;
    },
    reset() {
      rules = [];
      requests = [];
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

class Rule implements InjectedFault {
  readonly #rule: FaultRule;
  readonly #remove: () => void;
  #hits = 0;

  constructor(rule: FaultRule, remove: () => void) {
    this.#rule = rule;
    this.#remove = remove;
  }

  get hits(): number {
    return this.#hits;
  }

  matches(method: string, path: string): boolean {
    const { method: wantedMethod = method, path: wantedPath, times = Infinity } = this.#rule;
    return this.#hits < times && wantedMethod === method && (wantedPath?.test(path) ?? true);
  }

  use(): Fault {
    this.#hits += 1;
    return this.#rule.fault;
  }

  remove(): void {
    this.#remove();
  }
}

function sendStatus(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {} }: { status: number; headers?: Readonly<Record<string, string>> },
): void {
  // An unread body would leave the connection unusable for the next request.
  request.resume();
  if (status === 304) response.writeHead(304, headers).end();
  else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(errorBody(status));
}

interface Forwarding {
  readonly target: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
}

async function forward({ target, request, response, fault }: Forwarding): Promise<void> {
  const { method = 'GET' } = request;
  const { range, ...others } = request.headers;
  const headers = range === undefined || fault?.kind === 'ignore-range' ? others : { ...others, range };
  const upstream = httpRequest(new URL(request.url!, target), {
    method,
    headers: { ...headers, host: new URL(target).host },
  });
  // Fails when either side goes away, and then so does the answer below.
  pipeline(request, upstream).catch(() => response.destroy());
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode!, changedHeaders(answer.headers, fault));
  response.flushHeaders();
  await pipeline(
    answer,
    bodyTransform(fault, () => response.destroy()),
    response,
  );
}
