import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Why the process is not ready, in a few words; undefined: it is. */
export type Readiness = () => string | undefined;

export interface ListeningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** /livez answers while the event loop turns; /readyz says what is missing. */
export function serveHealth(port: number, readiness: Readiness): Promise<ListeningServer> {
  return listen(port, (request, response) => {
    const problem = request.url === '/readyz' ? readiness() : undefined;
    const isKnown = request.url === '/livez' || request.url === '/readyz';
    response.statusCode = isKnown ? (problem === undefined ? 200 : 503) : 404;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(isKnown ? `${problem ?? 'ok'}\n` : 'try /livez or /readyz\n');
  });
}

/** /metrics, for Prometheus. */
export function serveMetrics(
  port: number,
  metrics: { contentType: string; render(): Promise<string> },
): Promise<ListeningServer> {
  return listen(port, (request, response) => {
    if (request.url !== '/metrics') {
      response.statusCode = 404;
      response.end('try /metrics\n');
      return;
    }
    metrics.render().then(
      (text) => response.setHeader('content-type', metrics.contentType).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

async function listen(port: number, handler: RequestListener): Promise<ListeningServer> {
  const server: Server = createServer(handler);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
