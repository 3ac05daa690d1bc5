import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelFailure } from '../errors.ts';
import type { DirectDoor } from './direct/direct-door.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Longest time until a whole request has arrived. */
  readonly requestTimeoutMs: number;
}

/** Who answers what comes. */
export interface HttpDoors {
  /** What node:http calls for every request. */
  readonly listener: RequestListener;
  /** Takes new connections before node:http does; default: nobody. */
  readonly direct?: DirectDoor;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /**
   * Takes no more connections, lets requests in flight end, and cuts what is left after `timeoutMs`.
   * @returns whether everything ended by itself
   */
  close(timeoutMs: number): Promise<boolean>;
}

/** A client that has not sent its headers by then never will; load balancers keep connections for 60 s, so we do a little longer. */
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often time limits are looked at; Node's default of 30 s would let them be passed by that much. */
const CHECK_INTERVAL_MS = 1_000;
const DRAIN_POLL_MS = 50;

/** @throws ModelFailure InvalidSpec when the address cannot be listened on */
export async function listen({ listener, direct }: HttpDoors, options: ListenOptions): Promise<HttpServer> {
  const { host, port, requestTimeoutMs } = options;
  const answered = new AnsweredEarly();
  const server = createServer(
    {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs + CHECK_INTERVAL_MS),
      // The handler's own limit comes first and is answered by it.
      requestTimeout: requestTimeoutMs + CHECK_INTERVAL_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (request, response) => {
      response.once('finish', () => answered.add(request));
      listener(request, response);
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (answered.has(socket)) socket.destroy();
    else refuse(error, socket);
  });
  const checking = direct && acceptDirectly(server, direct, requestTimeoutMs);
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'it is in use' : `the system says ${code}`;
    throw new ModelFailure(
      'InvalidSpec',
      `cannot listen on ${host}:${port}, ${problem}: choose another port or address`,
      {
        cause: error,
      },
    );
  }
  const closed = once(server, 'close').then(() => {
    clearInterval(checking);
    return true;
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close(timeoutMs) {
      const deadlineMs = performance.now() + timeoutMs;
      server.close();
      for (;;) {
        // Connections that were busy become idle, and clients would keep them.
        server.closeIdleConnections();
        direct?.closeIdle();
        if (await Promise.race([closed, delay(DRAIN_POLL_MS, false)])) return true;
        if (performance.now() > deadlineMs) break;
      }
      server.closeAllConnections();
      direct?.closeAll();
      return false;
    },
  };
}

/** Lets the door have new connections first; node:http gets those that it does not want, as if they had just come. */
function acceptDirectly(server: Server, direct: DirectDoor, requestTimeoutMs: number): NodeJS.Timeout {
  const takers = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const ends = {
    times: {
      firstRequestTimeoutMs: HEADERS_TIMEOUT_MS,
      keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS,
      requestTimeoutMs: requestTimeoutMs + CHECK_INTERVAL_MS,
    },
    handOver: (socket: Socket): void => takers.forEach((take) => take.call(server, socket)),
    refuse: (socket: Socket): void => refuse(new Error('the body ends too early'), socket),
  };
  server.on('connection', (socket: Socket) => direct.accept(socket, ends));
  return setInterval(() => direct.checkTimes(performance.now()), CHECK_INTERVAL_MS).unref();
}

/**
 * Connections whose request has its answer (413, 504) while the rest of it still comes. What goes wrong with that rest must not be answered
 * once more: the client would take it for the answer to its next request.
 */
class AnsweredEarly {
  readonly #sockets = new WeakSet<Socket>();

  /** The request's answer has been sent. */
  add(request: IncomingMessage): void {
    if (request.complete) return;
    const { socket } = request;
    this.#sockets.add(socket);
    request.once('end', () => this.#sockets.delete(socket));
  }

  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }
}

/** What is no HTTP, or came too slowly, is refused in the shape of every other error. */
function refuse(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: ServerResponse | null }): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy(error);
    return;
  }
  const [status, message, code] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'the request did not arrive in time', 'DeadlineExceeded']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'the headers are too large', 'PayloadTooLarge']
        : ['400 Bad Request', 'this is not HTTP/1.1', 'InvalidInput'];
  const body = JSON.stringify({ error: message, code });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
