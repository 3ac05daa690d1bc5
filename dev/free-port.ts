import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux (32768) and macOS (49152) give to outgoing connections, and below Kubernetes' node ports (30000). */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;

/**
 * Free ports on 127.0.0.1, all different. Another process may take one before it is used: retry with fresh ones then.
 *
 * Not port 0: the system picks those from the range of outgoing connections, where a client that keeps reconnecting to a server
 * that is down for a while can connect to itself and so take the server's port.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempts = 0; ports.size < count; attempts += 1) {
    if (attempts > 1000) throw new Error(`no free ports between ${FIRST_PORT} and ${LAST_PORT}`);
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
