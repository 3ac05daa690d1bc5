import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong between a client and the API server. */
export type ApiServerFault =
  /** Nothing. */
  | { readonly kind: 'none' }
  /** Connections are refused, those that are open are cut. */
  | { readonly kind: 'refuse' }
  /** A black hole: connections stay open, nothing is answered, open watches tell nothing more. Held requests never arrive. */
  | { readonly kind: 'silence' }
  /** Open watches tell nothing more until the client gives them up; everything else works, new watches too. */
  | { readonly kind: 'stall-watches' }
  /** This share of requests (watches too) is answered with a refusal. */
  | { readonly kind: 'status'; readonly status: number; readonly share: number; readonly retryAfterSeconds?: number }
  /** Every request waits so long first. */
  | { readonly kind: 'slow'; readonly delayMs: number };

/** A user's way to the API server that does what it is told. */
export interface FaultyApiServer {
  /** Kubeconfig file that leads through it, with no credentials: the proxy has them. */
  readonly kubeconfig: string;
  fault: ApiServerFault;
  /** Requests that came so far. */
  readonly requests: number;
  /** Cuts every connection once. */
  cut(): void;
  stop(): Promise<void>;
}

/** What a kubeconfig written by the control plane says. */
interface Upstream {
  readonly url: string;
  readonly agent: Agent;
}

/**
 * An HTTP proxy in front of the API server, which answers the requests of one user.
 * @param kubeconfig of that user; the proxy's own lies beside it, as `FILE.faulty`
 */
export async function startFaultyApiServer(kubeconfig: string): Promise<FaultyApiServer> {
  const upstream = await readUpstream(kubeconfig);
  const proxy = new Proxy(upstream);
  await proxy.listen(0);
  const file = `${kubeconfig}.faulty`;
  const cluster = {
    name: 'test',
    cluster: { server: `http://127.0.0.1:${proxy.port}`, 'insecure-skip-tls-verify': true },
  };
  const contexts = [{ name: 'test', context: { cluster: 'test', user: 'nobody' } }];
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [{ name: 'nobody', user: {} }],
      contexts,
      'current-context': 'test',
    }),
  );
  return {
    kubeconfig: file,
    get fault() {
      return proxy.fault;
    },
    set fault(fault) {
      proxy.change(fault);
    },
    get requests() {
      return proxy.requests;
    },
    cut: () => proxy.cut(),
    stop: () => proxy.stop(),
  };
}

async function readUpstream(kubeconfig: string): Promise<Upstream> {
  const { clusters, users } = JSON.parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }];
  };
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const decode = (text: string): Buffer => Buffer.from(text, 'base64');
  const agent = new Agent({
    keepAlive: true,
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  return { url: cluster.server, agent };
}

class Proxy {
  readonly #upstream: Upstream;
  #server: Server | undefined;
  /** Of open watches: silenced where the value is true. */
  readonly #watches = new Map<ServerResponse, { isSilent: boolean }>();
  port = 0;
  requests = 0;
  fault: ApiServerFault = { kind: 'none' };

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    server.unref();
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  change(fault: ApiServerFault): void {
    const before = this.fault;
    this.fault = fault;
    if (fault.kind === 'silence' || fault.kind === 'stall-watches') {
      for (const watch of this.#watches.values()) watch.isSilent = true;
    }
    // What was held never arrives: a client that waits any longer would wait for ever.
    if (before.kind === 'silence') this.cut();
    if (fault.kind === 'refuse') {
      this.#server?.close();
      this.cut();
    } else if (before.kind === 'refuse') void this.listen(this.port);
  }

  cut(): void {
    this.#server?.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server?.close();
    this.#upstream.agent.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fault } = this;
    this.requests += 1;
    if (fault.kind === 'silence') return;
    if (fault.kind === 'slow') await delay(fault.delayMs);
    if (fault.kind === 'status' && Math.random() < fault.share) return refuse(request, response, fault);
    await this.#forward(request, response);
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url, agent } = this.#upstream;
    const { method = 'GET', headers } = request;
    const { host: _, ...rest } = headers;
    const call = httpsRequest(new URL(request.url ?? '/', url), { method, headers: rest, agent });
    response.once('close', () => call.destroy());
    request.pipe(call);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    const watch = { isSilent: false };
    if (/[?&]watch=true/.test(request.url ?? '')) {
      this.#watches.set(response, watch);
      response.once('close', () => this.#watches.delete(response));
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.on('data', (chunk: Buffer) => {
      if (!watch.isSilent) response.write(chunk);
    });
    answer.once('error', () => response.destroy());
    answer.once('close', () => (answer.complete ? undefined : response.destroy()));
    await once(answer, 'end');
    if (!watch.isSilent) response.end();
  }
}

/** As the API server words it, e.g. when priority and fairness turns a request away. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfterSeconds }: { status: number; retryAfterSeconds?: number },
): void {
  request.resume();
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const reason = status === 429 ? 'TooManyRequests' : status === 503 ? 'ServiceUnavailable' : 'InternalError';
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason,
      message: 'scripted',
      code: status,
    }),
  );
}
